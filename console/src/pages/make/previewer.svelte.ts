/** Previews: one is asked for at a time; of what is wanted meanwhile, the newest comes next. */

import { api, got, type Schemas } from "../../lib/api/client";
import { asProblem, type Problem } from "../../lib/api/problem";
import { randomName } from "../../lib/browser";

type Seen = Schemas["ShownFrame"];
export type SeenFace = Schemas["SeenFace"];
export type Wanted = Omit<Schemas["ShownOrder"], "session" | "history" | "compare" | "form" | "quality">;

export interface Shown {
  /** Addresses of pictures in this browser. */
  after: string;
  before: string;
  changes: string | null;
  faces: SeenFace[];
  width: number;
  height: number;
  frame: number;
}

const SESSION = randomName();

export class Previewer {
  shown = $state.raw<Shown | null>(null);
  problem = $state.raw<Problem | null>(null);
  isBusy = $state(false);
  /** From the wish to the picture on the screen, the last time. */
  took = $state<number | null>(null);
  #next: Wanted | null = null;
  #before = { key: "", address: "" };
  #isOver = false;

  /** Ask for a preview; the one that is being made is waited for. */
  ask(wanted: Wanted): void {
    this.#next = wanted;
    if (!this.isBusy) void this.#go();
  }

  clear(): void {
    this.#next = null;
    this.problem = null;
    this.#put(null);
  }

  close(): void {
    this.#isOver = true;
    this.clear();
    if (this.#before.address) URL.revokeObjectURL(this.#before.address);
  }

  async #go(): Promise<void> {
    this.isBusy = true;
    while (this.#next && !this.#isOver) {
      const wanted = this.#next;
      this.#next = null;
      const began = performance.now();
      try {
        await this.#show(wanted);
        this.problem = null;
        this.took = Math.round(performance.now() - began);
      } catch (error) {
        const problem = asProblem(error);
        if (problem.kind !== "SupersededError") this.problem = problem;
      }
    }
    this.isBusy = false;
  }

  async #show(wanted: Wanted): Promise<void> {
    const key = JSON.stringify([wanted.target, wanted.frame, wanted.max_side, wanted.options?.["crop"]]);
    const layers = [...(wanted.layers ?? []), ...(key === this.#before.key ? [] : (["before"] as const))];
    const body = { ...wanted, layers, session: SESSION, form: "jpg" as const, quality: 85 };
    const seen: Seen = await got(api.POST("/v1/previews/frames", { body: body as Schemas["ShownOrder"] }));
    if (this.#isOver) return;
    const [after, before, changes] = await Promise.all([
      picture(seen.after, seen.type),
      seen.before ? picture(seen.before, seen.type) : this.#before.address,
      seen.changes ? picture(seen.changes, "image/png") : null,
    ]);
    if (seen.before) {
      const old = this.#before.address;
      this.#before = { key, address: before };
      if (old) setTimeout(() => URL.revokeObjectURL(old), 1000);
    }
    const { faces, width, height, frame } = seen;
    this.#put({ after, before, changes, faces, width, height, frame });
  }

  #put(shown: Shown | null): void {
    const old = this.shown;
    this.shown = shown;
    if (!old) return;
    // What is still painted goes a little later.
    setTimeout(() => {
      URL.revokeObjectURL(old.after);
      if (old.changes) URL.revokeObjectURL(old.changes);
    }, 1000);
  }
}

/** Return the address of a picture that is ready to be painted. */
async function picture(base64: string, type: string): Promise<string> {
  const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
  const address = URL.createObjectURL(new Blob([bytes], { type }));
  const image = new Image();
  image.src = address;
  await image.decode().catch(() => undefined);
  return address;
}
