/** Jobs of the past, page after page as they are scrolled to. */

import { api, got } from "../../lib/api/client";
import { asProblem, type Problem } from "../../lib/api/problem";
import { OVER, type Job, type State } from "./job";

export type Filter = "all" | "succeeded" | "review" | "failed" | "other";
export type Period = "any" | "day" | "week" | "month";

export interface Wanted {
  question: string;
  filter: Filter;
  period: Period;
}

const PAGE = 100;
const STATES: Record<Filter, readonly State[]> = {
  all: OVER,
  succeeded: ["succeeded"],
  review: ["review"],
  failed: ["failed"],
  other: ["cancelled", "rejected"],
};
const DAYS: Record<Period, number> = { any: 0, day: 1, week: 7, month: 30 };

export class History {
  jobs = $state.raw<Job[]>([]);
  isWhole = $state(false);
  isLoading = $state(false);
  problem = $state.raw<Problem | null>(null);
  #wanted: Wanted = { question: "", filter: "all", period: "any" };
  #next: string | null = null;
  #run = 0;

  /** Show jobs that fit; what is shown stays until the new ones are there. */
  async find(wanted: Wanted): Promise<void> {
    this.#wanted = wanted;
    this.#next = null;
    await this.#load(true);
  }

  async more(): Promise<void> {
    if (!this.isLoading && !this.isWhole) await this.#load(false);
  }

  /** Put a job into its place that was just finished or changed. */
  put(job: Job): void {
    const rest = this.jobs.filter((each) => each.id !== job.id);
    const at = rest.findIndex((each) => each.created < job.created);
    this.jobs = at < 0 && this.isWhole ? [...rest, job] : rest.toSpliced(at < 0 ? 0 : at, 0, job);
  }

  drop(id: string): void {
    this.jobs = this.jobs.filter((each) => each.id !== id);
  }

  get fitsNew(): boolean {
    return !this.#wanted.question && this.#wanted.filter === "all";
  }

  async #load(isNew: boolean): Promise<void> {
    const run = ++this.#run;
    this.isLoading = true;
    const { question, filter, period } = this.#wanted;
    const days = DAYS[period];
    try {
      const found = await got(
        api.GET("/v1/jobs", {
          params: {
            query: {
              limit: PAGE,
              state: [...STATES[filter]],
              ...(question ? { q: question } : {}),
              ...(days ? { created_since: new Date(Date.now() - days * 86_400_000).toISOString() } : {}),
              ...(!isNew && this.#next ? { cursor: this.#next } : {}),
            },
          },
        }),
      );
      if (run !== this.#run) return;
      this.jobs = isNew ? found.jobs : [...this.jobs, ...found.jobs];
      this.#next = found.next;
      this.isWhole = found.next === null;
      this.problem = null;
    } catch (error) {
      if (run === this.#run) this.problem = asProblem(error);
    } finally {
      if (run === this.#run) this.isLoading = false;
    }
  }
}
