/** Which rows of a long list can be seen: only those are in the page, however many there are. */

const BEYOND = 6;

export class Windowed {
  first = $state(0);
  last = $state(0);
  #list: HTMLElement | null = null;
  #row: number;
  #seen: (last: number) => void;
  #waiting = 0;

  /**
   * @param row height of each row in pixels.
   * @param seen is told up to which row is shown.
   */
  constructor(row: number, seen: (last: number) => void = () => undefined) {
    this.#row = row;
    this.#seen = seen;
  }

  /** Follow an element, whose rows begin at its top. */
  attach = (list: HTMLElement): (() => void) => {
    this.#list = list;
    addEventListener("scroll", this.#soon, { passive: true });
    addEventListener("resize", this.#soon);
    return () => {
      this.#list = null;
      removeEventListener("scroll", this.#soon);
      removeEventListener("resize", this.#soon);
      cancelAnimationFrame(this.#waiting);
      this.#waiting = 0;
    };
  };

  measure = (): void => {
    if (!this.#list) return;
    const top = -this.#list.getBoundingClientRect().top;
    this.first = Math.max(0, Math.floor(top / this.#row) - BEYOND);
    this.last = Math.max(0, Math.ceil((top + innerHeight) / this.#row) + BEYOND);
    this.#seen(this.last);
  };

  #soon = (): void => {
    this.#waiting ||= requestAnimationFrame(() => {
      this.#waiting = 0;
      this.measure();
    });
  };
}
