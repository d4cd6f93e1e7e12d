import type { Schemas } from "../../lib/api/client";
import { session } from "../../lib/session.svelte";

export type Job = Schemas["JobAnswer"];
export type JobPage = Schemas["JobPage"];

/** Whether somebody asked for a job themselves; then they do not review it. */
export const isOwn = (job: Job): boolean => job.owner === session.person?.actor;

/** Where a clip begins, as of the options: `12.5`, `1:02.5`, or `250f`, the number of a frame. */
export function begin(moment: unknown): { seconds: number; frames: number } {
  const text = String(moment ?? "");
  if (/^\d+f$/.test(text)) return { seconds: 0, frames: Number(text.slice(0, -1)) };
  if (!/^[\d:.]+$/.test(text)) return { seconds: 0, frames: 0 };
  return { seconds: text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0), frames: 0 };
}

export const optionsOf = (job: Job): Record<string, unknown> => (job.request.options ?? {}) as Record<string, unknown>;

export function processorsOf(job: Job): string[] {
  const named = optionsOf(job).processors;
  return Array.isArray(named) ? named.map(String) : [];
}

/** What a file of the request is called. */
export const nameOf = (job: Job, named: unknown): string => job.names[String(named)] ?? String(named);

/** Who somebody is, without the kind of sign-in: "user:ada" is "ada". */
export const whom = (actor: string): string => actor.replace(/^(user|key|local):/, "");
