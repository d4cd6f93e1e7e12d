/** What pages have to know of jobs. */

import { api, got, type Schemas } from "../../lib/api/client";
import { number, span } from "../../lib/i18n/format";
import { called } from "../../lib/told/told";
import { w } from "./words";

export type Job = Schemas["JobAnswer"];
export type Frame = Schemas["FrameList"]["frames"][number];
export type JobEvent = Schemas["EventList"]["events"][number];
export type Time = Schemas["TimeAnswer"];
export type State = Job["state"];

export const ACTIVE: readonly State[] = ["queued", "planning", "running", "merging"];
export const OVER: readonly State[] = ["succeeded", "review", "failed", "cancelled", "rejected"];

export const isActive = (job: Pick<Job, "state">): boolean => ACTIVE.includes(job.state);
export const isDone = (job: Pick<Job, "state">): boolean => job.state === "succeeded";

export const tone = (job: Pick<Job, "state" | "is_paused">): "plain" | "accent" | "good" | "warn" | "bad" => {
  if (isActive(job)) return job.is_paused ? "warn" : job.state === "queued" ? "plain" : "accent";
  if (job.state === "succeeded") return "good";
  if (job.state === "review") return "warn";
  return job.state === "cancelled" ? "plain" : "bad";
};

export const stateWord = (job: Pick<Job, "state" | "is_paused">): string =>
  isActive(job) && job.is_paused ? w.t.paused : w.t.states[job.state];

const asked = (job: Job): { target?: string; sources?: string[]; options?: { processors?: string[] | string } } =>
  job.request as never;

export const outputName = (job: Job): string => String((job.request as { output?: string }).output ?? job.id);

export const nameOf = (job: Job, reference: string | undefined): string =>
  reference === undefined ? "" : (job.names[reference] ?? reference);

export const targetName = (job: Job): string => nameOf(job, asked(job).target);

export const sourceNames = (job: Job): string[] => (asked(job).sources ?? []).map((each) => nameOf(job, each));

export const processors = (job: Job): string[] => {
  const named = asked(job).options?.processors ?? [];
  return typeof named === "string" ? named.split(",") : named;
};

/** One processor of a chain: when and where it works, and what is set for it alone. */
export interface ChainLink {
  processor: string;
  when: string[];
  region: number[];
  settings: { name: string; value: string }[];
}

/** The links of a job's chain; none where it was asked for by the names of processors. */
export const links = (job: Job): ChainLink[] => {
  const { chain } = (job.request.options ?? {}) as { chain?: Record<string, unknown>[] };
  return (chain ?? []).map(({ processor, when, region, feather: _, ...settings }) => ({
    processor: String(processor),
    when: listed(when).map(String),
    region: listed(region).map(Number),
    settings: Object.entries(settings).map(([name, value]) => ({
      name,
      value: listed(value)
        .map((each) => nameOf(job, String(each)))
        .join(", "),
    })),
  }));
};

/** What is said of processors beside a chain: stretches of time, or parts of the frame, as texts. */
export const limits = (job: Job, option: "when" | "region"): string =>
  listed((job.request.options as Record<string, unknown> | undefined)?.[option]).join(", ");

const listed = (value: unknown): unknown[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

/** Where a file is shown and fetched, always from the service itself. */
export const fileOf = (address: string): string => `${address}?redirect=false`;

export function errorWord(job: Job): string {
  const type = job.error?.type ?? "";
  return called(type) ?? w.t.error[type] ?? w.t.failed;
}

/** How far it is, in words. */
export function done(job: Job): string {
  const { frames, frames_done, segments, segments_done } = job.progress;
  if (frames_done && frames) return w.t.frames(number(frames_done), number(frames));
  if (frames_done) return w.t.framesDone(number(frames_done));
  return segments ? w.t.parts(number(segments_done), number(segments)) : "";
}

/** How long it takes yet, as honestly as the service says it. */
export function timeLeft(job: Job, time: Time | null): string {
  if (!time) return "";
  if (time.ends) {
    const { low, likely, high } = time.ends;
    if (likely < 3) return w.t.soon;
    const range = high > 1.3 * low && high - low > 5 ? ` (${w.t.leftRange(span(low), span(high))})` : "";
    return w.t.left(span(likely)) + range;
  }
  const reasons = Object.keys(w.t.whyNot) as (keyof typeof w.t.whyNot)[];
  const reason = reasons.find((each) => time.why_not.includes(each));
  if (job.state === "queued" && time.begins && time.begins.likely > 0 && !reason) {
    return w.t.begins(span(time.begins.likely));
  }
  return reason ? w.t.why(w.t.whyNot[reason]) : w.t.leftUnknown;
}

const path = (id: string) => ({ params: { path: { job_id: id } } });

export const steer = {
  show: (id: string) => got(api.GET("/v1/jobs/{job_id}", path(id))),
  pause: (id: string) => got(api.POST("/v1/jobs/{job_id}/pause", path(id))),
  resume: (id: string) => got(api.POST("/v1/jobs/{job_id}/resume", path(id))),
  cancel: (id: string) => got(api.POST("/v1/jobs/{job_id}/cancel", path(id))),
  retry: (id: string) => got(api.POST("/v1/jobs/{job_id}/retry", path(id))),
  prioritise: (id: string, priority: number) =>
    got(api.PUT("/v1/jobs/{job_id}/priority", { ...path(id), body: { priority } })),
  remove: (id: string) => got(api.DELETE("/v1/jobs/{job_id}", path(id))),
  time: (id: string) => got(api.GET("/v1/jobs/{job_id}/estimate", path(id))),
  frames: (id: string) => got(api.GET("/v1/jobs/{job_id}/frames", path(id))),
};
