/** Follows one job as it happens; what is shown comes from the service, so nothing is lost when the page is. */

import { listen, type Listening } from "../../lib/api/events";
import { Problem, asProblem } from "../../lib/api/problem";
import { isActive, steer, type Frame, type Job, type JobEvent, type Time } from "./job";

const KINDS = [
  "job.queued",
  "job.planning",
  "job.running",
  "job.merging",
  "job.review",
  "job.succeeded",
  "job.failed",
  "job.cancelled",
  "job.rejected",
  "job.paused",
  "job.resumed",
  "job.prioritised",
  "job.whole",
  "job.measured",
  "task.leased",
  "task.failed",
  "task.lost",
  "segment.done",
  "storage.full",
];
const AGAIN = 3000;
const TIME = 5000;

type Told = Pick<Job, "id" | "state" | "is_paused" | "revision" | "progress">;

export class Follower {
  job = $state.raw<Job | null>(null);
  frames = $state.raw<Frame[]>([]);
  events = $state.raw<JobEvent[]>([]);
  time = $state.raw<Time | null>(null);
  problem = $state.raw<Problem | null>(null);
  isOffline = $state(false);

  #id: string;
  #listening: Listening | null = null;
  #timers = new Set<ReturnType<typeof setTimeout>>();
  #isClosed = false;

  constructor(id: string, known: Job | null = null) {
    this.#id = id;
    this.job = known;
    void this.look();
    document.addEventListener("visibilitychange", this.#woken);
    addEventListener("online", this.#woken);
  }

  close(): void {
    this.#isClosed = true;
    this.#listening?.close();
    for (const each of this.#timers) clearTimeout(each);
    document.removeEventListener("visibilitychange", this.#woken);
    removeEventListener("online", this.#woken);
  }

  /** Ask for the job as it is, and listen from there on. */
  async look(): Promise<void> {
    try {
      this.job = await steer.show(this.#id);
      this.problem = null;
      this.isOffline = false;
    } catch (error) {
      const problem = asProblem(error);
      if (problem.kind === "offline" && this.job) this.isOffline = true;
      else this.problem = problem;
      if (problem.kind === "offline" || problem.status >= 500) this.#later(() => void this.look(), AGAIN);
      return;
    }
    this.#listen();
    void this.#ask();
  }

  /** Take what the service answered to a change. */
  take(job: Job): void {
    this.job = job;
    if (isActive(job)) this.#listen();
    void this.#ask();
  }

  #woken = (): void => {
    // A laptop that was closed: the stream may be dead without anybody having said so.
    if (document.visibilityState === "visible" && this.job && isActive(this.job)) {
      this.#listening?.close();
      this.#listening = null;
      void this.look();
    }
  };

  #listen(): void {
    if (this.#listening || this.#isClosed) return;
    this.#listening = listen(
      `/v1/jobs/${this.#id}/events`,
      [...KINDS, "progress", "frame"],
      (kind, facts) => this.#heard(kind, facts),
      () => {
        this.#listening = null;
        if (this.#isClosed) return;
        if (this.job && isActive(this.job)) this.#later(() => void this.look(), AGAIN);
      },
    );
  }

  #heard(kind: string, facts: unknown): void {
    this.isOffline = false;
    if (kind === "progress") {
      const told = facts as Told;
      const before = this.job;
      if (!before) return;
      this.job = { ...before, ...told };
      if (!isActive(told)) void this.#settle();
    } else if (kind === "frame") {
      const frame = facts as Frame;
      const others = this.frames.filter((each) => each.number !== frame.number);
      this.frames = [...others, frame].sort((one, other) => one.number - other.number);
    } else {
      const event = facts as JobEvent;
      if (this.events.some((each) => each.id === event.id)) return;
      this.events = [...this.events, event];
    }
  }

  /** The job is over: its result is not told by the stream. */
  async #settle(): Promise<void> {
    this.#listening?.close();
    this.#listening = null;
    try {
      this.job = await steer.show(this.#id);
    } catch (error) {
      this.problem = asProblem(error);
    }
  }

  /** Ask how long it takes, as long as it does. */
  async #ask(): Promise<void> {
    if (this.#isClosed || !this.job || !isActive(this.job)) {
      this.time = null;
      return;
    }
    try {
      this.time = await steer.time(this.#id);
    } catch {
      this.time = null; // it is asked again
    }
    for (const each of this.#timers) clearTimeout(each);
    this.#timers.clear();
    this.#later(() => void this.#ask(), TIME);
  }

  #later(call: () => void, milliseconds: number): void {
    if (this.#isClosed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      call();
    }, milliseconds);
    this.#timers.add(timer);
  }
}
