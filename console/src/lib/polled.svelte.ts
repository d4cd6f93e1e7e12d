/** What is asked for again and again while a page is looked at; not while it lies behind others. */

import { asProblem, type Problem } from "./api/problem";

export class Polled<T> {
  /** The newest answer; undefined before the first. */
  value = $state.raw<T | undefined>(undefined);
  /** Why the newest question was not answered; null where it was. */
  problem = $state.raw<Problem | null>(null);
  #ask: () => Promise<T>;
  #turn = 0;

  /**
   * Made while a component is.
   *
   * @param ask asks once; what it reads of the component's state makes it ask anew.
   * @param seconds between two questions; a function where that changes.
   */
  constructor(ask: () => Promise<T>, seconds: number | (() => number)) {
    this.#ask = ask;
    const wait = typeof seconds === "number" ? () => seconds : seconds;
    $effect(() => {
      let timer = 0;
      let isOver = false;
      const again = async (): Promise<void> => {
        if (!document.hidden) await this.now();
        if (!isOver) timer = window.setTimeout(() => void again(), wait() * 1000);
      };
      const seen = (): void => {
        if (!document.hidden) void this.now();
      };
      document.addEventListener("visibilitychange", seen);
      void again();
      return () => {
        isOver = true;
        this.#turn++;
        clearTimeout(timer);
        document.removeEventListener("visibilitychange", seen);
      };
    });
  }

  /** Ask now; an older answer that comes later does not count. */
  async now(): Promise<void> {
    const turn = ++this.#turn;
    try {
      const value = await this.#ask();
      if (turn !== this.#turn) return;
      this.value = value;
      this.problem = null;
    } catch (error) {
      if (turn === this.#turn) this.problem = asProblem(error);
    }
  }
}
