/** A rule of a policy: how it is called and read, and what it may be. */

import type { Schemas } from "../../lib/api/client";
import { number } from "../../lib/i18n/format";
import { languages } from "../../lib/i18n/index.svelte";
import { WHYS } from "./whys";
import { w } from "./words";

export type Policy = Schemas["PolicyAnswer"];
export type Rule = Schemas["RuleAnswer"];
export type Value = Rule["value"];

export const called = (name: string): string => (w.t.rules as Record<string, string>)[name] ?? name;
export const meaning = (rule: Rule): string => w.t.meanings[rule.name] ?? rule.meaning;

/** Why a rule is so, or whom a policy is for; in Chinese where a profile says it, else as somebody wrote it. */
export const reason = (english: string): string => (languages.current === "zh" ? WHYS[english] : undefined) ?? english;

export function read(value: Value): string {
  if (typeof value === "boolean") return value ? w.t.on : w.t.off;
  if (typeof value === "number") return number(value, 2);
  return (w.t.values as Record<string, string>)[value] ?? value;
}

export interface Range {
  least: number;
  most: number;
  isWhole: boolean;
}

export const choices = (rule: Rule): string[] => (rule.values["enum"] as string[] | undefined) ?? [];
export const range = (rule: Rule): Range => ({
  least: (rule.values["minimum"] as number | undefined) ?? 0,
  most: (rule.values["maximum"] as number | undefined) ?? Number.MAX_SAFE_INTEGER,
  isWhole: rule.values["type"] === "integer",
});

export type Order = Schemas["PolicyOrder"];

/** Return what has to be asked for so that a policy says what it says, but for one rule. */
export function order(policy: Policy, but: string): Order {
  const kept = policy.rules.filter((each) => each.is_changed && each.name !== but);
  return {
    extends: policy.extends ?? "personal",
    name: policy.origin === "place" ? policy.name : "own",
    description: policy.description,
    rules: Object.fromEntries(kept.map((each) => [each.name, { value: each.value, why: each.why }])),
  };
}
