/** Having a file checked, and what came out in a few kinds. */

import { api, fetched, got, type Schemas } from "../../lib/api/client";
import { send } from "../../lib/api/upload";
import { session } from "../../lib/session.svelte";

export type Report = Schemas["VerifyAnswer"];
export type Layer = Report["layers"][number];
export type Verdict = "holds" | "traced" | "unmarked" | "broken" | "unvouched" | "unread";

export const LAYERS = ["provenance", "watermark", "metadata", "audit"] as const;
export const STATES = ["holds", "unknown", "broken", "stripped", "absent", "unread"] as const;
export type LayerName = (typeof LAYERS)[number];
export type LayerState = (typeof STATES)[number];

/** Bytes that go in one request; larger files are sent in parts. */
const AT_ONCE = 48 * 1024 * 1024;

const VERDICTS: Record<string, Verdict> = {
  holds: "holds",
  UnmarkedError: "unmarked",
  MarkBrokenError: "broken",
  SigningError: "unvouched",
};

/** Whether a layer that holds says so of these very bytes, and not of what they were made from. */
const isOfFile = (layer: Layer): boolean =>
  layer.state === "holds" && (layer.layer === "provenance" || layer.facts["same_file"] === true);

export function verdictOf(report: Report): Verdict {
  const found = VERDICTS[report.verdict] ?? "unread";
  return found === "holds" && !report.layers.some(isOfFile) ? "traced" : found;
}

/**
 * Have a file checked; nothing of it stays at the service.
 *
 * @throws Problem it cannot be.
 */
export async function check(file: File, signal: AbortSignal): Promise<Report> {
  if (file.size > AT_ONCE && session.may("uploads:write")) return checkInParts(file, signal);
  const query = new URLSearchParams({ name: file.name.slice(0, 200) });
  const answer = await fetched(`/v1/verify?${query}`, {
    method: "POST",
    body: file,
    headers: { "Content-Type": "application/octet-stream" },
    signal,
  });
  return (await answer.json()) as Report;
}

async function checkInParts(file: File, signal: AbortSignal): Promise<Report> {
  const sending = send(file);
  signal.addEventListener("abort", sending.stop);
  const path = { upload_id: await sending.done };
  try {
    return await got(api.POST("/v1/uploads/{upload_id}/verify", { params: { path }, signal }));
  } finally {
    await got(api.DELETE("/v1/uploads/{upload_id}", { params: { path } })).catch(() => undefined); // it goes by itself
  }
}
