/** Tells of finished jobs by a notification of the system, where somebody asked for that by a button. */

import { api, got } from "../../lib/api/client";
import { router } from "../../lib/router.svelte";
import { ACTIVE, errorWord, outputName, steer, type Job } from "./job";
import { w } from "./words";

const KEY = "facefusion.notify";
const SECONDS = 5;

class Notifier {
  isOn = $state(false);
  isDenied = $state(false);
  readonly isPossible = typeof Notification !== "undefined" && isSecureContext;
  #active = new Map<string, Job>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    if (!this.isPossible) return;
    this.isOn = Notification.permission === "granted" && kept() === "yes";
    if (this.isOn) void this.#look();
  }

  /** Ask the browser whether it may be done; only ever called by a button. */
  async begin(): Promise<void> {
    const said = await Notification.requestPermission();
    this.isDenied = said === "denied";
    this.isOn = said === "granted";
    keep(this.isOn);
    if (this.isOn) void this.#look();
  }

  end(): void {
    this.isOn = false;
    keep(false);
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    if (!this.isOn) return;
    try {
      const { jobs } = await got(api.GET("/v1/jobs", { params: { query: { state: [...ACTIVE], limit: 100 } } }));
      const there = new Map(jobs.map((each) => [each.id, each]));
      for (const id of this.#active.keys()) if (!there.has(id)) this.#tell(await steer.show(id));
      this.#active = there;
    } catch {
      // The service may be away; what was finished meanwhile is told when it is back.
    }
    this.#timer = setTimeout(() => void this.#look(), SECONDS * 1000);
  }

  #tell(job: Job): void {
    if (job.state === "cancelled") return;
    const isBad = job.state === "failed";
    const shown = new Notification(`${isBad ? w.t.notifyFailed : w.t.notifyDone}: ${outputName(job)}`, {
      body: isBad ? errorWord(job) : w.t.states[job.state],
      tag: job.id,
      icon: "/icon.svg",
    });
    shown.addEventListener("click", () => {
      focus();
      router.go(`/jobs/${job.id}`);
      shown.close();
    });
  }
}

const kept = (): string | null => {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
};

const keep = (isOn: boolean): void => {
  try {
    localStorage.setItem(KEY, isOn ? "yes" : "no");
  } catch {
    // A browser that keeps nothing: it holds until the page is left.
  }
};

export const notifier = new Notifier();
