/** All jobs that are in the works: looked for now and then, and at once when something was changed here. */

import { api, got } from "../../lib/api/client";
import { asProblem, type Problem } from "../../lib/api/problem";
import { ACTIVE, type Job } from "./job";

const SECONDS = 2.5;
const MOST = 100;

export class Queue {
  jobs = $state.raw<Job[] | null>(null);
  problem = $state.raw<Problem | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;
  #over: (ids: string[]) => void;

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

  look = async (): Promise<void> => {
    clearTimeout(this.#timer);
    try {
      const query = { state: [...ACTIVE], limit: MOST };
      const { jobs } = await got(api.GET("/v1/jobs", { params: { query } }));
      const before = this.jobs ?? [];
      this.jobs = jobs;
      this.problem = null;
      const there = new Set(jobs.map((each) => each.id));
      const over = before.filter((each) => !there.has(each.id)).map((each) => each.id);
      if (over.length) this.#over(over);
    } catch (error) {
      this.problem = asProblem(error);
    }
    if (!this.#isClosed) this.#timer = setTimeout(() => void this.look(), SECONDS * 1000);
  };

  #woken = (): void => {
    if (document.visibilityState === "visible") void this.look();
  };
}
