/** What somebody is making: files, who gets which face, and settings. It is kept in this browser, and comes back after a reload. */

import { api, fetched, got, type Schemas } from "../../lib/api/client";
import { asProblem, Problem } from "../../lib/api/problem";
import { send, type Sending } from "../../lib/api/upload";
import { w } from "./words";

export type Check = Schemas["CheckAnswer"];
export type People = Schemas["PeopleAnswer"];
export type Person = Schemas["PersonAnswer"];
export type Job = Schemas["JobAnswer"];

export interface Source {
  id: string;
  name: string;
  kind: string;
  check: Check | null;
  /** Which face of it is meant, where it shows several. */
  position: number | null;
  /** Further photos of the same person; each shows one face, and it is usable. */
  more?: Source[];
}

export interface Target {
  id: string;
  name: string;
  kind: "picture" | "video";
  width: number;
  height: number;
  frames: number;
  seconds: number | null;
  sound: boolean;
}

/** A file that is on its way. */
export interface OnItsWay {
  key: number;
  name: string;
  use: "source" | "target";
  share: number;
  problem: Problem | null;
  stop: () => void;
}

/** Whose face somebody gets: an upload, `keep` for none; missing for what everybody gets. */
export type Choice = string | undefined;
export const KEEP = "keep";

/** What is done: faces are swapped, a portrait does what somebody does, or only further steps are taken. */
export type Work = "swap" | "portrait" | "edit";

const PLACE = "facefusion.make";
const FIRST: Record<Work, string[]> = { swap: ["face_swapper"], portrait: ["portrait_animator"], edit: [] };
const KEPT = [
  "work",
  "sources",
  "target",
  "everybody",
  "cast",
  "preset",
  "steps",
  "options",
  "form",
  "trim",
  "frame",
  "job",
] as const;

export class Studio {
  work = $state<Work>("swap");
  sources = $state<Source[]>([]);
  target = $state<Target | null>(null);
  people = $state.raw<People | null>(null);
  everybody = $state<string | null>(null);
  cast = $state<Record<number, string>>({});
  preset = $state<"fast" | "balanced" | "premium">("balanced");
  /** Processors after the one that the work begins with. */
  steps = $state<string[]>([]);
  options = $state<Record<string, unknown>>({});
  form = $state("");
  trim = $state<{ start: number | null; end: number | null }>({ start: null, end: null });
  frame = $state(0);
  job = $state<string | null>(null);

  sending = $state<OnItsWay[]>([]);
  problem = $state.raw<Problem | null>(null);
  chosen = $state<string | null>(null);
  isRestored = $state(false);
  #last = 0;
  /** When sources were given, by their ids; what a reload brought back was there before. */
  #given = new Map<string, number>();
  #looking = 0;

  constructor() {
    void this.#restore();
  }

  /** Sources of which a job takes what is meant. */
  readonly usable = $derived(this.sources.filter((each) => isUsable(each)));
  readonly isSeveral = $derived((this.people?.people.length ?? 0) > 1);
  readonly isClip = $derived(this.target?.kind === "video");
  readonly endings = $derived(this.isClip ? ["mp4", "mov", "mkv", "webm", "gif"] : ["png", "jpg", "webp"]);
  readonly ending = $derived(
    this.form && this.endings.includes(this.form) ? this.form : usualEnding(this.target?.name ?? "", this.endings),
  );
  readonly lacks = $derived.by((): "source" | "target" | "usable" | "clip" | "step" | null => {
    if (!this.target) return "target";
    if (this.work === "edit") return this.steps.length ? null : "step";
    if (this.work === "portrait" && !this.isClip) return "clip";
    if (!this.sources.length) return "source";
    const { sources, map } = this.#whoGetsWhat();
    return sources.length || map.length ? null : "usable";
  });

  /** What a preview and a job have in common. */
  order(): { sources: string[]; target: string; options: Record<string, unknown> } {
    const { sources, map, position } = this.#whoGetsWhat();
    const options: Record<string, unknown> = { ...this.options };
    if (this.preset !== "balanced") options["preset"] = this.preset;
    if (this.steps.length || this.work !== "swap") options["processors"] = [...FIRST[this.work], ...this.steps];
    if (map.length) options["face_map"] = map;
    if (position !== null) options["source_face_position"] = position;
    return { sources, target: `upload:${this.target?.id ?? ""}`, options };
  }

  /** What a job is asked for. */
  jobOrder(): Schemas["NewJobOrder"] {
    const order = this.order();
    if (this.isClip && this.trim.start !== null) order.options["trim_start"] = `${this.trim.start}f`;
    if (this.isClip && this.trim.end !== null) order.options["trim_end"] = `${this.trim.end + 1}f`;
    const stem = (this.target?.name ?? "result").replace(/\.[^.]*$/, "").replace(/[/\\%,:*?"<>|]/g, "_");
    return { ...order, output: `${stem.slice(0, 80) || "result"}-made.${this.ending}` } as Schemas["NewJobOrder"];
  }

  setWork(work: Work): void {
    this.work = work;
    this.chosen = null;
    this.keep();
    if (work === "swap" && !this.people) void this.lookForPeople();
  }

  choiceOf(person: number): Choice {
    return this.cast[person];
  }

  /** The source whose face somebody gets in the end; null where they are left as they are. */
  faceOf(person: number): Source | null {
    const choice = this.cast[person] ?? this.everybody;
    return this.sources.find((each) => each.id === choice) ?? null;
  }

  give(person: number | "everybody", choice: Choice): void {
    if (person === "everybody") this.everybody = choice && choice !== KEEP ? choice : null;
    else if (choice === undefined) delete this.cast[person];
    else this.cast[person] = choice;
    this.chosen = null;
    this.keep();
  }

  number(source: string): number {
    return this.sources.findIndex((each) => each.id === source) + 1;
  }

  async add(files: File[], use: "source" | "target"): Promise<void> {
    this.problem = null;
    await Promise.all(files.map((file) => this.#add(file, use)));
  }

  /** Add photos of the person that a source shows. */
  async addMore(source: string, files: File[]): Promise<void> {
    this.problem = null;
    await Promise.all(files.map((file) => this.#add(file, "source", source)));
  }

  removeMore(source: string, photo: string): void {
    const found = this.sources.find((each) => each.id === source);
    if (!found) return;
    found.more = (found.more ?? []).filter((each) => each.id !== photo);
    this.keep();
  }

  remove(source: string): void {
    this.sources = this.sources.filter((each) => each.id !== source);
    if (this.everybody === source) this.everybody = this.sources[0]?.id ?? null;
    for (const [person, choice] of Object.entries(this.cast)) if (choice === source) delete this.cast[Number(person)];
    this.keep();
  }

  choosePosition(source: string, position: number): void {
    const found = this.sources.find((each) => each.id === source);
    if (!found) return;
    found.position = position;
    this.everybody ??= source;
    this.keep();
  }

  anew(): void {
    for (const each of this.sending) each.stop();
    this.sources = [];
    this.setTarget(null);
    this.everybody = null;
    this.preset = "balanced";
    this.steps = [];
    this.options = {};
    this.form = "";
    this.job = null;
    this.keep();
  }

  set(name: string, value: unknown): void {
    if (value === undefined) delete this.options[name];
    else this.options[name] = value;
    // A table of colours is a look of its own: whoever gives one means it, and without it there is none.
    if (name === "stylizer_lut") this.set("stylizer_look", value === undefined ? undefined : "lut");
    this.keep();
  }

  setTarget(target: Target | null): void {
    this.target = target;
    this.people = null;
    this.cast = {};
    this.trim = { start: null, end: null };
    this.frame = 0;
    this.keep();
    if (target) void this.#lookAt();
  }

  keep(): void {
    const values = Object.fromEntries(KEPT.map((name) => [name, $state.snapshot(this[name])]));
    try {
      localStorage.setItem(PLACE, JSON.stringify(values));
    } catch {
      // A browser that keeps nothing: all holds until the page is left.
    }
  }

  async lookForPeople(): Promise<void> {
    const target = this.target?.id;
    if (!target) return;
    const looking = ++this.#looking;
    const path = { upload_id: target };
    try {
      let found = await got(api.POST("/v1/uploads/{upload_id}/people", { params: { path } }));
      while (looking === this.#looking) {
        this.people = found;
        if (found.state !== "finding") return;
        await new Promise((resolve) => setTimeout(resolve, 500));
        found = await got(api.GET("/v1/uploads/{upload_id}/people", { params: { path } }));
      }
    } catch (error) {
      if (looking === this.#looking) this.problem = asProblem(error);
    }
  }

  /** Count the frames, which not every file tells rightly, and look for people. */
  async #lookAt(): Promise<void> {
    const target = this.target;
    if (!target) return;
    if (this.work === "swap") void this.lookForPeople();
    if (target.kind !== "video") return;
    try {
      const first = await frameFacts(target.id, 0);
      const last = await frameFacts(target.id, first.frames - 1);
      if (this.target?.id !== target.id) return;
      const each = first.frames > 1 ? (last.time ?? 0) / (first.frames - 1) : 0;
      this.target.frames = first.frames;
      this.target.seconds = (last.time ?? 0) + each;
      this.frame = Math.min(this.frame, first.frames - 1);
      this.keep();
    } catch (error) {
      this.problem = asProblem(error);
    }
  }

  async #add(file: File, use: "source" | "target", person?: string): Promise<void> {
    const sending: Sending = send(file, (share) => (entry.share = share));
    this.sending.push({ key: ++this.#last, name: file.name, use, share: 0, problem: null, stop: () => undefined });
    const entry = this.sending[this.sending.length - 1] as OnItsWay;
    const drop = () => (this.sending = this.sending.filter((each) => each.key !== entry.key));
    entry.stop = () => {
      sending.stop();
      drop();
    };
    try {
      const id = await sending.done;
      const upload = await got(api.GET("/v1/uploads/{upload_id}", { params: { path: { upload_id: id } } }));
      if (use === "target") this.setTarget(targetOf(upload));
      else if (person === undefined) await this.#takeSource(upload, entry.key);
      else await this.#takeMore(person, upload);
      drop();
    } catch (error) {
      entry.problem = asProblem(error);
    }
  }

  async #takeSource(upload: Schemas["UploadAnswer"], given: number): Promise<void> {
    const check = upload.kind === "face" ? null : await checked(upload.id);
    const source: Source = { id: upload.id, name: upload.name, kind: upload.kind ?? "", check, position: null };
    // They are numbered as they were given, whichever is looked through first.
    this.#given.set(source.id, given);
    const when = (each: Source): number => this.#given.get(each.id) ?? 0;
    this.sources = [...this.sources, source].sort((one, other) => when(one) - when(other));
    if (isUsable(source)) this.everybody ??= source.id;
    this.keep();
  }

  /** Take a further photo of a person; one that would spoil the others is refused, and it is said why. */
  async #takeMore(person: string, upload: Schemas["UploadAnswer"]): Promise<void> {
    const check = upload.kind === "face" ? null : await checked(upload.id);
    const source: Source = { id: upload.id, name: upload.name, kind: upload.kind ?? "", check, position: null };
    if (!check || !isUsable(source)) {
      const verdict = check?.verdict ?? "no-face";
      const advice = check?.advice.map((each) => w.t.advice[each]).join(" ") ?? "";
      throw new Problem(0, { detail: `${upload.name}: ${check ? w.t.why[verdict] : w.t.noFaceFile}`, hint: advice });
    }
    const found = this.sources.find((each) => each.id === person);
    const photos = found ? [found, ...(found.more ?? [])] : [];
    if (!found || photos.some((each) => each.id === source.id)) return;
    found.more = [...(found.more ?? []), source];
    this.keep();
  }

  #whoGetsWhat(): { sources: string[]; map: Record<string, unknown>[]; position: number | null } {
    if (this.work === "edit") return { sources: [], map: [], position: null };
    const usable = new Map(this.usable.map((each) => [each.id, each]));
    const everybody = this.everybody ? (usable.get(this.everybody) ?? null) : null;
    const people = this.work === "swap" ? (this.people?.people ?? []) : [];
    const isKept = people.some((each) => this.cast[each.number] === KEEP);
    const map: Record<string, unknown>[] = [];
    for (const person of people) {
      const choice = this.cast[person.number];
      if (!person.reference || choice === KEEP) continue;
      const source = choice ? usable.get(choice) : isKept ? everybody : null;
      if (source) map.push({ ...faceEntry(source), reference: person.reference });
    }
    if (!everybody || isKept) return { sources: [], map, position: null };
    const photos = this.work === "portrait" ? photosOf(everybody).slice(0, 1) : photosOf(everybody);
    return { sources: photos, map, position: everybody.position };
  }

  async #restore(): Promise<void> {
    let kept: Partial<Record<(typeof KEPT)[number], unknown>> = {};
    try {
      kept = JSON.parse(localStorage.getItem(PLACE) ?? "{}") as typeof kept;
    } catch {
      // What is there is nothing that this page wrote.
    }
    const there = async (id: string | undefined): Promise<boolean> =>
      id !== undefined &&
      (await api.GET("/v1/uploads/{upload_id}", { params: { path: { upload_id: id } } })).response.ok;
    const sources = (kept.sources ?? []) as Source[];
    const target = (kept.target ?? null) as Target | null;
    const [isTarget, ...areSources] = await Promise.all([there(target?.id), ...sources.map((each) => there(each.id))]);
    const areMore = sources.map((each) => Promise.all((each.more ?? []).map((photo) => there(photo.id))));
    for (const [place, are] of (await Promise.all(areMore)).entries()) {
      const source = sources[place];
      if (source?.more) source.more = source.more.filter((_, other) => are[other]);
    }
    this.sources = sources.filter((_, place) => areSources[place]);
    const has = (id: unknown): boolean => this.sources.some((each) => each.id === id);
    this.everybody = has(kept.everybody) ? (kept.everybody as string) : null;
    this.preset = (kept.preset as Studio["preset"] | undefined) ?? "balanced";
    this.steps = (kept.steps as string[] | undefined) ?? [];
    this.work = (kept.work as Work | undefined) ?? "swap";
    const options = Object.entries((kept.options as Record<string, unknown> | undefined) ?? {});
    const areFiles = await Promise.all(options.map(([, value]) => isNoUpload(value) || there(uploadOf(value))));
    this.options = Object.fromEntries(options.filter((_, place) => areFiles[place]));
    this.form = (kept.form as string | undefined) ?? "";
    this.job = (kept.job as string | undefined) ?? null;
    if (isTarget && target) {
      this.target = target;
      this.frame = Math.min((kept.frame as number | undefined) ?? 0, target.frames - 1);
      this.trim = (kept.trim as Studio["trim"] | undefined) ?? { start: null, end: null };
      const cast = Object.entries((kept.cast as Record<number, string> | undefined) ?? {});
      this.cast = Object.fromEntries(cast.filter(([, choice]) => choice === KEEP || has(choice)));
      void this.#lookAt();
    }
    this.isRestored = true;
  }
}

const isNoUpload = (value: unknown): boolean => typeof value !== "string" || !value.startsWith("upload:");
const uploadOf = (value: unknown): string => String(value).slice("upload:".length);

export function isUsable(source: Source): boolean {
  if (!source.check) return source.kind === "face";
  if (source.check.is_usable) return true;
  const face = source.position === null ? undefined : source.check.looks[0]?.faces[source.position];
  return Boolean(face?.is_usable) || (source.position !== null && source.kind === "video");
}

/** Whether further photos of the person can be added: a face file is whole, and of several faces one is meant. */
export function takesMore(source: Source): boolean {
  return source.kind !== "face" && source.position === null && isUsable(source);
}

function photosOf(source: Source): string[] {
  return [source, ...(source.more ?? [])].map((each) => `upload:${each.id}`);
}

async function checked(upload: string): Promise<Check> {
  return got(
    api.POST("/v1/uploads/{upload_id}/check", {
      params: { path: { upload_id: upload } },
      body: { use: "source", options: {} },
    }),
  );
}

interface FrameFacts {
  frames: number;
  time: number | null;
}

async function frameFacts(upload: string, frame: number): Promise<FrameFacts> {
  const answer = await fetched(`/v1/uploads/${upload}/frames/${frame}?width=144`);
  return JSON.parse(answer.headers.get("X-Frame") ?? "{}") as FrameFacts;
}

function faceEntry(source: Source): Record<string, unknown> {
  const position = source.position === null ? {} : { source_face_position: source.position };
  return { sources: photosOf(source), ...position };
}

function targetOf(upload: Schemas["UploadAnswer"]): Target {
  const facts = upload.facts as Record<string, number | boolean | undefined>;
  const seconds = (facts["seconds"] as number | undefined) ?? null;
  const rate = (facts["frame_rate"] as number | undefined) ?? 25;
  const frames = (facts["frames"] as number | undefined) ?? (seconds ? Math.round(seconds * rate) : 1);
  return {
    id: upload.id,
    name: upload.name,
    kind: upload.kind === "video" ? "video" : "picture",
    width: Number(facts["width"] ?? 16),
    height: Number(facts["height"] ?? 9),
    frames: upload.kind === "video" ? Math.max(1, frames) : 1,
    seconds,
    sound: Boolean(facts["sound"]),
  };
}

function usualEnding(name: string, endings: string[]): string {
  const own = name.split(".").at(-1)?.toLowerCase() ?? "";
  return endings.includes(own) ? own : own === "jpeg" ? "jpg" : (endings[0] ?? "mp4");
}
