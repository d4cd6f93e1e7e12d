/** What people are told of an error: in their own language, with the service's own words where those are others. */

import type { Problem } from "../api/problem";
import { languages } from "../i18n/index.svelte";
import { w } from "../words";
import { ERRORS, UNLISTED } from "./errors";
import { NOTES } from "./notes";

export interface Told {
  /** What happened. */
  what: string;
  /** What to do next; may be empty. */
  next: string;
  /** What the service said, in English, with the names and figures in it; empty where `what` and `next` are that. */
  said: string;
}

const closed = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);

/** Return what the service said, two sentences without final stops, as one text. */
export const joined = (what: string, hint: string): string => [what, hint].filter(Boolean).map(closed).join(" ");

/** Return what people are told of an error. */
export function told(problem: Problem): Told {
  if (problem.kind === "offline") return { what: w.t.offline, next: w.t.offlineHint, said: "" };
  if (languages.current === "en" || problem.isTold) {
    return { what: problem.message || w.t.failed, next: problem.hint, said: "" };
  }
  const isTheirs = problem.status >= 400 && problem.status < 500;
  const [what, next] = ERRORS[problem.kind] ?? (isTheirs ? UNLISTED.theirs : UNLISTED.ours);
  return { what, next, said: joined(problem.message, problem.hint) };
}

/** What an error is called in Chinese, where that is chosen; `type` is its name, such as `NoFaceError`. */
export const called = (type: string): string | undefined =>
  languages.current === "zh" ? ERRORS[type]?.[0] : undefined;

export interface Noted {
  text: string;
  /** Of the text, where it is not the language of the page. */
  lang?: "en";
}

/** Return what people are told by a note of the service. */
export function noted(note: string): Noted {
  if (languages.current === "en") return { text: note };
  const known = NOTES.find(([english]) => english.test(note));
  return known ? { text: note.replace(...known) } : { text: note, lang: "en" };
}
