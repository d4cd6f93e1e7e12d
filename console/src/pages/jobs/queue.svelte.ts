/** All jobs that are in the works: looked for now and then, and at once when something was changed here. */

import { api, got } from "../../lib/api/client";
import { asProblem, type Problem } from "../../lib/api/problem";
import { type Job, type State } from "./job";

const SECONDS = 2.5;
const PAGE = 100;
/** Pages of waiting jobs that are kept up to date, those whose turn comes first; a longer queue is only told of. */
const MOST_PAGES = 10;
const AT_WORK: readonly State[] = ["planning", "running", "merging"];

export class Queue {
  /** Those that are worked at, then those that wait, in the order of their turns; null until they are known. */
  jobs = $state.raw<Job[] | null>(null);
  /** Whether still more wait. */
  isLonger = $state(false);
  problem = $state.raw<Problem | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;
  #over: (ids: string[]) => void;
  #waiting: Job[] = [];
  #due = 0;
  #run = 0;

  /** @param over is told of jobs that were in the works and are no more. */
  constructor(over: (ids: string[]) => void) {
    this.#over = over;
    void this.look();
    document.addEventListener("visibilitychange", this.#woken);
    addEventListener("online", this.#woken);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#woken);
    removeEventListener("online", this.#woken);
  }

  /** Look at once, at all of them. */
  look = async (): Promise<void> => {
    this.#due = 0;
    await this.#look();
  };

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    const run = ++this.#run;
    try {
      const working = (await this.#page(AT_WORK)).jobs;
      const before = new Set((this.jobs ?? []).map((each) => each.id));
      const hasBegun = working.some((each) => !before.has(each.id) || this.#waiting.some(({ id }) => id === each.id));
      if (performance.now() >= this.#due || hasBegun) await this.#wait(run);
      if (run !== this.#run) return;
      const begun = new Set(working.map((each) => each.id));
      this.#take([...working, ...this.#waiting.filter((each) => !begun.has(each.id))], before);
    } catch (error) {
      if (run === this.#run) this.problem = asProblem(error);
    }
    if (!this.#isClosed && run === this.#run) this.#timer = setTimeout(() => void this.#look(), SECONDS * 1000);
  }

  /** Fetch those that wait; the longer the queue, the more seldom. */
  async #wait(run: number): Promise<void> {
    const found: Job[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const page = await this.#page(["queued"], cursor);
      found.push(...page.jobs);
      cursor = page.next;
    } while (++pages < MOST_PAGES && cursor !== null && run === this.#run);
    if (run !== this.#run) return;
    this.#waiting = inTurn(found);
    this.isLonger = cursor !== null;
    this.#due = performance.now() + pages * SECONDS * 1000 - 1;
  }

  #page(state: readonly State[], cursor: string | null = null): Promise<{ jobs: Job[]; next: string | null }> {
    const query = { state: [...state], limit: PAGE, order: "oldest" as const, ...(cursor ? { cursor } : {}) };
    return got(api.GET("/v1/jobs", { params: { query } }));
  }

  #take(jobs: Job[], before: ReadonlySet<string>): void {
    this.jobs = jobs;
    this.problem = null;
    const there = new Set(jobs.map((each) => each.id));
    const over = [...before].filter((each) => !there.has(each));
    if (over.length) this.#over(over);
  }

  #woken = (): void => {
    if (document.visibilityState === "visible") void this.look();
  };
}

function inTurn(jobs: readonly Job[]): Job[] {
  return [...jobs].sort(
    (one, other) =>
      Number(one.is_paused) - Number(other.is_paused) ||
      other.priority - one.priority ||
      one.created.localeCompare(other.created),
  );
}
