import type { Schemas } from "../../lib/api/client";
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

/** What tells an entry from others of its kind, in a few words of the log's own. */
export function gist(entry: Entry): string {
  const facts = entry.facts;
  const words = ["error", "record", "action", "operation", "reason"].map((name) => text(facts[name]));
  const work = Array.isArray(facts.processors) ? facts.processors.map(String).join(", ") : "";
  const numbers = ["faces", "status", "count", "files", "entries"].filter((name) => facts[name] !== undefined);
  return [work, ...words, ...numbers.map((name) => `${name} ${text(facts[name])}`)].filter(Boolean).join(" · ");
}

/** Who did what an entry tells: their name, or null once they were erased. */
export const actorOf = (entry: Entry): string | null => entry.people[text(entry.facts.actor)] ?? null;

export const isPseudonym = (who: string): boolean => /^[0-9a-f]{32}$/.test(who);
