/** What the service tells of a consent, where its document leaves the shape open. */

import type { Schemas } from "../../lib/api/client";
import { day } from "../../lib/i18n/format";
import { languages } from "../../lib/i18n/index.svelte";
import { w } from "./words";

export type Consent = Schemas["ConsentAnswer"];
export type State = keyof typeof w.t.states;

export interface Scope {
  project: string | null;
  processors: string[];
  territories: string[];
  valid_from: string;
  until: string | null;
}

export interface Evidence {
  kind: keyof typeof w.t.kinds;
  name: string;
  sha256: string;
  bytes: number;
}

export const scopeOf = (consent: Consent): Scope => consent.scope as unknown as Scope;
export const evidenceOf = (consent: Consent): Evidence[] => consent.evidence as unknown as Evidence[];
export const stateOf = (consent: Consent): State => consent.state as State;

export const TONES = { holds: "good", future: "accent", ended: "plain", revoked: "bad" } as const;

export const country = (code: string): string =>
  new Intl.DisplayNames([languages.current === "zh" ? "zh-CN" : "en-GB"], { type: "region" }).of(code) ?? code;

/** Whether two letters name a country. */
export function isCountry(code: string): boolean {
  if (!/^[A-Z]{2}$/.test(code)) return false;
  return new Intl.DisplayNames(["en"], { type: "region", fallback: "none" }).of(code) !== undefined;
}

/** Days as people mean them: what ends at midnight holds to the day before. */
export const lastDay = (until: string): string => day(new Date(new Date(until).getTime() - 1));

export const periodOf = (scope: Scope): string =>
  `${w.t.from(day(scope.valid_from))}, ${scope.until ? w.t.until(lastDay(scope.until)) : w.t.openEnd}`;
