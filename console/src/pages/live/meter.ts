/** How quick it is, as seen on this page. */

const KEPT = 120;
const SECOND = 1000;

/** The value that a share of some values does not exceed. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

export interface Reading {
  median: number;
  slow: number;
  rateIn: number;
  rateOut: number;
}

export class Meter {
  #times: number[] = [];
  #came: number[] = [];
  #shown: number[] = [];

  came(now: number): void {
    this.#came.push(now);
  }

  shown(now: number, sent: number): void {
    this.#shown.push(now);
    this.#times.push(now - sent);
    if (this.#times.length > KEPT) this.#times.shift();
  }

  /** Of the last frames: milliseconds there and back, and frames a second. */
  read(now: number): Reading {
    const window = 2 * SECOND;
    this.#came = this.#came.filter((each) => now - each < window);
    this.#shown = this.#shown.filter((each) => now - each < window);
    const sorted = [...this.#times].sort((one, other) => one - other);
    return {
      median: quantile(sorted, 0.5),
      slow: quantile(sorted, 0.95),
      rateIn: (this.#came.length * SECOND) / window,
      rateOut: (this.#shown.length * SECOND) / window,
    };
  }
}
