/** Short words at the edge of the page that go by themselves; nothing that has to be read stands only there. */

import { asProblem } from "../api/problem";
import { told } from "../told/told";

export interface Toast {
  id: number;
  tone: "plain" | "good" | "bad";
  text: string;
  /** What the service said, in English; empty where that is the text. */
  said: string;
}

const SECONDS = 6;

class Toasts {
  shown = $state<Toast[]>([]);
  #last = 0;

  say(text: string, tone: Toast["tone"] = "plain", said = ""): void {
    const id = ++this.#last;
    this.shown.push({ id, tone, text, said });
    setTimeout(() => this.drop(id), SECONDS * 1000);
  }

  /** Tell of what went wrong. */
  fail(error: unknown): void {
    const { what, said } = told(asProblem(error));
    this.say(what, "bad", said);
  }

  drop(id: number): void {
    this.shown = this.shown.filter((each) => each.id !== id);
  }
}

export const toasts = new Toasts();
