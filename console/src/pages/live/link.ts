/** The WebSocket of a live session, as docs/live.md has its messages. */

import { Problem, type ProblemBody } from "../../lib/api/problem";

export interface Wish {
  sources: string[];
  options: Record<string, unknown>;
  width: number;
  height: number;
  quality: number;
}

export interface Shown {
  number: number;
  /** What was said of when it was sent. */
  sent: number;
  faces: number;
  picture: Blob;
}

export interface Figures {
  received: number;
  shown: number;
  dropped: number;
}

export interface Listener {
  onopen: () => void;
  /** The wish with this number holds from the next frame on. */
  onready: (id: number) => void;
  onframe: (shown: Shown) => void;
  onfigures: (figures: Figures) => void;
  /** Something was refused; the session goes on. */
  onrefused: (problem: Problem) => void;
  /** The session is over: by an error of the service, or because the connection broke. */
  onend: (problem: Problem | null, code: number) => void;
}

const HEAD_OUT = 12;
const HEAD_IN = 20;
const BETWEEN_WISHES = 120;
const MOST_BUFFERED = 1 << 16;

interface Message {
  type: string;
  id?: number;
  ends?: boolean;
  problem?: ProblemBody & Record<string, unknown>;
}

export class Link {
  #socket: WebSocket;
  #problem: Problem | null = null;
  #wish = 0;
  #waiting: Wish | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly listener: Listener) {
    const address = new URL("/v1/live", location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    this.#socket = new WebSocket(address);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () => listener.onopen();
    this.#socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => this.#hear(event.data);
    this.#socket.onclose = (event) => {
      clearTimeout(this.#timer);
      listener.onend(this.#problem, event.code);
    };
  }

  /** Whether a frame would leave at once. */
  get isFree(): boolean {
    return this.#socket.readyState === WebSocket.OPEN && this.#socket.bufferedAmount < MOST_BUFFERED;
  }

  /** Have frames edited so from now on; of many wishes one after the other the last one counts. */
  wish(wish: Wish): void {
    if (this.#timer !== undefined) {
      this.#waiting = wish;
      return;
    }
    this.#say(wish);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const next = this.#waiting;
      this.#waiting = null;
      if (next) this.wish(next);
    }, BETWEEN_WISHES);
  }

  async send(number: number, sent: number, picture: Blob): Promise<void> {
    const head = new DataView(new ArrayBuffer(HEAD_OUT));
    head.setUint32(0, number);
    head.setFloat64(4, sent);
    const message = await new Blob([head.buffer, picture]).arrayBuffer();
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(message);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
    this.#socket.onopen = null;
    this.#socket.close(1000);
  }

  #say(wish: Wish): void {
    if (this.#socket.readyState === WebSocket.OPEN)
      this.#socket.send(JSON.stringify({ type: "options", id: ++this.#wish, ...wish }));
  }

  #hear(data: string | ArrayBuffer): void {
    if (typeof data === "string") {
      this.#told(JSON.parse(data) as Message);
      return;
    }
    const head = new DataView(data);
    this.listener.onframe({
      number: head.getUint32(0),
      sent: head.getFloat64(4),
      faces: head.getUint16(12),
      picture: new Blob([new Uint8Array(data, HEAD_IN)], { type: "image/jpeg" }),
    });
  }

  #told(message: Message): void {
    if (message.type === "ready") this.listener.onready(message.id ?? 0);
    if (message.type === "figures") this.listener.onfigures(message as unknown as Figures);
    if (message.type === "error") {
      const problem = new Problem(message.problem?.status ?? 0, message.problem ?? {});
      if (message.ends) this.#problem = problem;
      else this.listener.onrefused(problem);
    }
  }
}
