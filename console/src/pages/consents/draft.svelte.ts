/** A consent that is being written: it outlives a reload of the page, and goes with the window. */

import { randomName } from "../../lib/browser";
import type { Language } from "../../lib/i18n/index.svelte";

const KEY = "facefusion.consent";

/** A file that was sent. */
export interface Sent {
  id: string;
  name: string;
}

export interface Draft {
  photos: Sent[];
  files: Sent[];
  person: string;
  isForOther: boolean;
  other: string;
  project: string;
  processors: string[];
  countries: string;
  until: string;
  step: 1 | 2;
  language: Language | "";
  /** By which the service knows a request that is sent again. */
  key: string;
}

export const fresh = (): Draft => ({
  photos: [],
  files: [],
  person: "",
  isForOther: false,
  other: "",
  project: "",
  processors: [],
  countries: "",
  until: "",
  step: 1,
  language: "",
  key: randomName(),
});

export function kept(): Draft {
  try {
    return { ...fresh(), ...(JSON.parse(sessionStorage.getItem(KEY) ?? "{}") as Partial<Draft>) };
  } catch {
    return fresh();
  }
}

export function keep(draft: Draft | null): void {
  try {
    if (draft) sessionStorage.setItem(KEY, JSON.stringify(draft));
    else sessionStorage.removeItem(KEY);
  } catch {
    // A browser that keeps nothing: the draft lasts as long as the page.
  }
}
