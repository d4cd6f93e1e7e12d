import type { Schemas } from "../../lib/api/client";
import { called } from "../../lib/told/told";
import { processorName } from "../../lib/trust/work";
import { w } from "./words";

export type Entry = Schemas["EntryAnswer"];
export type Kind = keyof typeof w.t.kinds;

export const GROUPS: Record<keyof typeof w.t.groups, Kind[]> = {
  work: ["admitted", "refused", "published", "streamed", "failed", "cancelled"],
  people: ["changed", "erased"],
  access: ["called", "denied", "counted"],
  upkeep: ["swept", "pruned"],
};

export const TONES: Partial<Record<string, "good" | "warn" | "bad" | "accent">> = {
  published: "good",
  refused: "warn",
  denied: "warn",
  failed: "bad",
  erased: "accent",
  changed: "accent",
};

export const kindName = (kind: string): string => w.t.kinds[kind as Kind] ?? kind;

const text = (value: unknown): string => (value === undefined || value === null ? "" : String(value));

const NUMBERS = ["faces", "status", "count", "files", "entries"] as const;

/** What tells an entry from others of its kind, in a few words; operations and reasons of the service as it names them. */
export function gist(entry: Entry): string {
  const facts = entry.facts;
  const word = (name: "records" | "actions", value: string): string =>
    (w.t[name] as Record<string, string>)[value] ?? value;
  const work = Array.isArray(facts.processors) ? facts.processors.map((each) => processorName(String(each))) : [];
  const error = text(facts.error);
  const words = [
    work.join(", "),
    called(error) ?? error,
    word("records", text(facts.record)),
    word("actions", text(facts.action)),
    text(facts.operation),
    text(facts.reason),
  ];
  const numbers = NUMBERS.filter((name) => facts[name] !== undefined);
  return [...words, ...numbers.map((name) => `${w.t.counts[name]} ${text(facts[name])}`)].filter(Boolean).join(" · ");
}

/** Who did what an entry tells: their name, or null once they were erased. */
export const actorOf = (entry: Entry): string | null => entry.people[text(entry.facts.actor)] ?? null;

export const isPseudonym = (who: string): boolean => /^[0-9a-f]{32}$/.test(who);
