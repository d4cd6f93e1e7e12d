/** What was chosen for live mode; it stays when the page is loaded anew. */

import type { Wish } from "./link";

export type View = "swapped" | "both" | "wipe";

export const SIZES = [
  { value: "640x480", label: "640 × 480" },
  { value: "960x540", label: "960 × 540" },
  { value: "1280x720", label: "1280 × 720" },
  { value: "1920x1080", label: "1920 × 1080" },
] as const;
export type Size = (typeof SIZES)[number]["value"];

const KEY = "facefusion.live";

export const USUAL = {
  source: "",
  device: "",
  size: "1280x720" as Size,
  isMirror: true,
  view: "swapped" as View,
  blend: 1,
  shape: 0.85,
  expression: 0.5,
  tone: 1,
  edge: 0.3,
  isEverybody: true,
};
export type Choice = typeof USUAL;

function kept(): Partial<Choice> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Choice>;
  } catch {
    return {};
  }
}

export class Choices {
  now = $state<Choice>({ ...USUAL, ...kept() });

  keep(): void {
    try {
      localStorage.setItem(KEY, JSON.stringify(this.now));
    } catch {
      // A browser that keeps nothing: what was chosen holds until the page is left.
    }
  }

  /** Choose the look as it was at first; face, camera and view stay. */
  reset(): void {
    const { blend, shape, expression, tone, edge, isEverybody } = USUAL;
    Object.assign(this.now, { blend, shape, expression, tone, edge, isEverybody });
  }

  get sides(): [number, number] {
    const [width = 1280, height = 720] = this.now.size.split("x").map(Number);
    return [width, height];
  }

  /** What is asked of the service for frames of a size. */
  wish(width: number, height: number): Wish {
    const { source, blend, shape, expression, tone, edge, isEverybody } = this.now;
    return {
      sources: source ? [source] : [],
      options: {
        blend_ratio: blend,
        shape,
        keep_expression: expression,
        // All of the target's tone is as the swapper makes it.
        skin_tone_match: tone < 1 ? tone : null,
        face_mask_blur: edge,
        face_selector_mode: isEverybody ? "many" : "one",
      },
      width,
      height,
      quality: 85,
    };
  }
}
