/** A live show: the camera, the way to the service and back, and what is seen of it. */

import type { Problem } from "../../lib/api/problem";
import { CameraError, type CameraTrouble, openCamera } from "./camera";
import { type Figures, Link, type Shown, type Wish } from "./link";
import { Meter, type Reading } from "./meter";

export type State = "idle" | "camera" | "joining" | "loading" | "running" | "again";
export type Trouble = CameraTrouble | "idle" | "broken";

/** Most frames under way: more would only make what is seen older. */
const MOST_UNDER_WAY = 3;
/** Milliseconds after which a frame that was not answered is given up. */
const LOST = 2000;
const QUALITY = 0.85;
const WAITS = [500, 1500, 4000];
const READING = 500;
const GOING_AWAY = 1001;
const ABNORMAL = 1006;
const SERVICE_RESTARTS = 1012;
const NOTHING_CAME = 4408;
const AGAIN = new Set([GOING_AWAY, ABNORMAL, SERVICE_RESTARTS]);

interface UnderWay {
  number: number;
  sent: number;
  own: ImageBitmap;
}

export interface Wanted {
  device: string;
  width: number;
  height: number;
  isMirror: boolean;
}

export class Show {
  state = $state<State>("idle");
  trouble = $state<Trouble | null>(null);
  /** What the service refused: the face, the options, or the whole session. */
  problem = $state.raw<Problem | null>(null);
  reading = $state.raw<Reading>({ median: 0, slow: 0, rateIn: 0, rateOut: 0 });
  figures = $state.raw<Figures>({ received: 0, shown: 0, dropped: 0 });
  faces = $state(1);
  hasFrames = $state(false);
  size = $state.raw({ width: 0, height: 0 });
  isMirror = false;

  #stream: MediaStream | null = null;
  #video = document.createElement("video");
  #canvas = document.createElement("canvas");
  #link: Link | null = null;
  #meter = new Meter();
  #underWay: UnderWay[] = [];
  #number = 0;
  #last = -1;
  #tries = 0;
  #isReady = false;
  #isTaking = false;
  #run = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #later: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param wish what frames are to become, given their size.
   * @param draw puts a frame of the camera, and what became of it, on the page.
   */
  constructor(
    private readonly wish: (width: number, height: number) => Wish,
    private readonly draw: (own: ImageBitmap | null, swapped: ImageBitmap) => void,
  ) {
    this.#video.muted = true;
    this.#video.playsInline = true;
  }

  get isOn(): boolean {
    return this.state !== "idle";
  }

  async start(wanted: Wanted): Promise<void> {
    this.stop();
    const run = ++this.#run;
    this.trouble = this.problem = null;
    this.isMirror = wanted.isMirror;
    this.state = "camera";
    try {
      const stream = await openCamera(wanted.device, wanted.width, wanted.height);
      if (run !== this.#run) {
        stop(stream);
        return;
      }
      this.#stream = stream;
      for (const track of stream.getVideoTracks()) track.onended = () => this.#end("gone");
      this.#video.srcObject = stream;
      await this.#video.play();
    } catch (error) {
      if (run === this.#run) this.#end(error instanceof CameraError ? error.trouble : "taken");
      return;
    }
    if (run !== this.#run) return;
    this.#tries = 0;
    this.#timer = setInterval(() => (this.reading = this.#meter.read(performance.now())), READING);
    this.#join();
    this.#next(run);
  }

  /** Let go of the camera and of the service. */
  stop(): void {
    this.#run++;
    clearInterval(this.#timer);
    clearTimeout(this.#later);
    this.#link?.close();
    this.#link = null;
    if (this.#stream) stop(this.#stream);
    this.#stream = null;
    this.#video.srcObject = null;
    this.#forget();
    this.#meter = new Meter();
    this.hasFrames = false;
    this.state = "idle";
  }

  /** Tell the service what is wished now; what was wrong with another wish is over. */
  change(): void {
    if (!this.isOn) this.problem = this.trouble = null;
    if (!this.#link || this.state === "joining" || this.state === "again") return;
    const { width, height } = this.#sides();
    this.#link.wish(this.wish(width, height));
  }

  #sides(): { width: number; height: number } {
    return { width: this.#video.videoWidth, height: this.#video.videoHeight };
  }

  #join(): void {
    this.state = this.#tries ? "again" : "joining";
    this.#isReady = false;
    const run = this.#run;
    const link = new Link({
      onopen: () => {
        this.state = "loading";
        this.change();
      },
      onready: () => {
        this.#isReady = true;
        this.#tries = 0;
        this.problem = null;
        this.state = "running";
      },
      onframe: (shown) => void this.#show(shown, run),
      onfigures: (figures) => (this.figures = figures),
      onrefused: (problem) => {
        this.problem = problem;
        if (!this.#isReady) this.#end(null);
      },
      onend: (problem, code) => this.#over(problem, code),
    });
    this.#link = link;
  }

  #over(problem: Problem | null, code: number): void {
    this.#link = null;
    this.#forget();
    const wait = WAITS[this.#tries];
    if (AGAIN.has(code) && wait !== undefined) {
      this.#tries++;
      this.state = "again";
      this.#later = setTimeout(() => this.#join(), wait);
      return;
    }
    this.problem = code === NOTHING_CAME ? null : problem;
    this.#end(code === NOTHING_CAME ? "idle" : problem ? null : "broken");
  }

  #end(trouble: Trouble | null): void {
    this.stop();
    this.trouble = trouble;
  }

  /** Wait for the camera's next frame. */
  #next(run: number): void {
    this.#video.requestVideoFrameCallback(() => {
      if (run !== this.#run) return;
      this.#next(run);
      void this.#take(performance.now());
    });
  }

  async #take(now: number): Promise<void> {
    this.#meter.came(now);
    this.#underWay = this.#underWay.filter((each) => now - each.sent < LOST || (each.own.close(), false));
    const link = this.#link;
    if (!link?.isFree || !this.#isReady || this.#isTaking || this.#underWay.length >= MOST_UNDER_WAY) return;
    this.#isTaking = true;
    try {
      const own = this.#drawn();
      if (!own) return;
      const number = ++this.#number;
      const [picture, kept] = await Promise.all([jpeg(this.#canvas), createImageBitmap(this.#canvas)]);
      if (!picture || link !== this.#link) {
        kept.close();
        return;
      }
      this.#underWay.push({ number, sent: now, own: kept });
      await link.send(number, now, picture);
    } finally {
      this.#isTaking = false;
    }
  }

  /** Put the camera's frame on a canvas; mirrored there and not later, so that labels can be read. */
  #drawn(): boolean {
    const { width, height } = this.#sides();
    const context = this.#canvas.getContext("2d", { alpha: false });
    if (!width || !height || !context) return false;
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    context.setTransform(this.isMirror ? -1 : 1, 0, 0, 1, this.isMirror ? width : 0, 0);
    context.drawImage(this.#video, 0, 0);
    return true;
  }

  async #show(shown: Shown, run: number): Promise<void> {
    const swapped = await createImageBitmap(shown.picture);
    if (run !== this.#run || shown.number <= this.#last) {
      swapped.close();
      return;
    }
    this.#last = shown.number;
    const own = this.#underWay.find((each) => each.number === shown.number)?.own ?? null;
    this.size = { width: swapped.width, height: swapped.height };
    this.draw(own, swapped);
    swapped.close();
    for (const each of this.#underWay) if (each.number <= shown.number) each.own.close();
    this.#underWay = this.#underWay.filter((each) => each.number > shown.number);
    this.#meter.shown(performance.now(), shown.sent);
    this.faces = shown.faces;
    this.hasFrames = true;
  }

  #forget(): void {
    for (const each of this.#underWay) each.own.close();
    this.#underWay = [];
  }
}

const jpeg = (canvas: HTMLCanvasElement): Promise<Blob | null> =>
  new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) {
    track.onended = null;
    track.stop();
  }
}
