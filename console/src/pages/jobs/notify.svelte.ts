/** Tells people of their own jobs that are over by a notification of the system, where they asked for that by a button. */

import { api, got } from "../../lib/api/client";
import { asProblem } from "../../lib/api/problem";
import { router } from "../../lib/router.svelte";
import { session } from "../../lib/session.svelte";
import { ACTIVE, errorWord, isActive, outputName, steer, type Job } from "./job";
import { keepWish, wished } from "./notify";
import { w } from "./words";

const SECONDS = 5;
const RECENT = 20;
const MOST = 100;

class Notifier {
  isOn = $state(false);
  isDenied = $state(false);
  /** Whether the browser can do it at all. */
  isPossible = $state(typeof Notification !== "undefined" && isSecureContext);
  /** Jobs that were in the works when it was last looked. */
  #waiting = new Set<string>();
  /** When the newest job was asked for that was there at the first look; null before it. */
  #newest: string | null = null;
  #told = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    if (!this.isPossible) return;
    this.isOn = Notification.permission === "granted" && wished();
    if (this.isOn) void this.#look();
  }

  /** Ask the browser whether it may be done; only ever called by a button. */
  async begin(): Promise<void> {
    const said = await Notification.requestPermission();
    this.isDenied = said === "denied";
    this.#set(said === "granted");
  }

  end(): void {
    this.#set(false);
  }

  #set(isOn: boolean): void {
    this.isOn = isOn;
    keepWish(isOn);
    clearTimeout(this.#timer);
    this.#newest = null; // what is over meanwhile is not told afterwards
    this.#waiting.clear();
    if (isOn) void this.#look();
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    if (Notification.permission !== "granted") this.isOn = false; // it was taken back in the settings of the browser
    if (!this.isOn) return;
    try {
      if (session.person) await this.#compare(session.person.actor);
    } catch {
      // The service may be away; what was finished meanwhile is told when it is back.
    }
    clearTimeout(this.#timer);
    if (this.isOn) this.#timer = setTimeout(() => void this.#look(), SECONDS * 1000);
  }

  /** Tell of jobs that were in the works and are not any more, and of new ones that were over before this looked. */
  async #compare(owner: string): Promise<void> {
    const jobs = async (query: { limit: number; state?: Job["state"][] }): Promise<Job[]> =>
      (await got(api.GET("/v1/jobs", { params: { query: { owner, ...query } } }))).jobs;
    const active = await jobs({ state: [...ACTIVE], limit: MOST });
    const recent = await jobs({ limit: RECENT }); // asked for after the others, so that none is over between the two
    const there = new Set([...active, ...recent.filter(isActive)].map((each) => each.id));
    const [newest, gone] = [this.#newest, [...this.#waiting].filter((id) => !there.has(id))];
    if (newest !== null) {
      for (const job of recent) if (!isActive(job) && job.created > newest) this.#tell(job);
    }
    for (const id of gone) {
      const job = recent.find((each) => each.id === id) ?? (await found(id));
      if (job && isActive(job)) continue; // begun again meanwhile

      if (job) this.#tell(job);
      this.#waiting.delete(id);
    }
    this.#newest = newest ?? recent[0]?.created ?? "";
    for (const id of there) {
      this.#waiting.add(id);
      this.#told.delete(id); // it may have been tried again
    }
  }

  #tell(job: Job): void {
    if (this.#told.has(job.id)) return;
    this.#told.add(job.id);
    if (job.state === "cancelled") return;
    const isBad = job.state === "failed";
    try {
      const shown = new Notification(`${isBad ? w.t.notifyFailed : w.t.notifyDone}: ${outputName(job)}`, {
        body: isBad ? errorWord(job) : w.t.states[job.state],
        tag: job.id, // of several windows one is seen
        icon: "/icon.svg",
        lang: document.documentElement.lang,
      });
      shown.addEventListener("click", () => {
        focus();
        router.go(`/jobs/${job.id}`);
        shown.close();
      });
    } catch {
      // Browsers of phones have the name and let nobody use it like this.
      this.isPossible = this.isOn = false;
      keepWish(false);
    }
  }
}

/** Return a job; null where it is not there any more. */
async function found(id: string): Promise<Job | null> {
  try {
    return await steer.show(id);
  } catch (error) {
    if (asProblem(error).status === 404) return null;
    throw error;
  }
}

export const notifier = new Notifier();
