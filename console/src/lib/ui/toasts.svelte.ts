/** Short words at the edge of the page that go by themselves; nothing that has to be read stands only there. */

export interface Toast {
  id: number;
  tone: "plain" | "good" | "bad";
  text: string;
}

const SECONDS = 6;

class Toasts {
  shown = $state<Toast[]>([]);
  #last = 0;

  say(text: string, tone: Toast["tone"] = "plain"): void {
    const id = ++this.#last;
    this.shown.push({ id, tone, text });
    setTimeout(() => this.drop(id), SECONDS * 1000);
  }

  drop(id: number): void {
    this.shown = this.shown.filter((each) => each.id !== id);
  }
}

export const toasts = new Toasts();
