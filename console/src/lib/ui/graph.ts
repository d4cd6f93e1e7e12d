/** Lines of a graph as paths, and what its axis says. */

export interface Series {
  name: string;
  /** One of each point; null where nothing was seen. */
  values: readonly (number | null)[];
  tone: "accent" | "good" | "warn";
  isFilled?: boolean;
}

/** Return a round number that is no smaller: 1, 2 or 5 times a power of ten. */
export function round(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((each) => each * power >= value) ?? 10;
  return step * power;
}

export interface Box {
  width: number;
  height: number;
  most: number;
}

/** Return the parts of a line without gaps, each as points within a box. */
function parts(values: readonly (number | null)[], places: readonly number[], box: Box): [number, number][][] {
  const found: [number, number][][] = [];
  let open: [number, number][] | null = null;
  values.forEach((value, place) => {
    if (value === null) {
      open = null;
      return;
    }
    const x = (places[place] ?? 0) * box.width;
    const y = box.height - (Math.min(value, box.most) / box.most) * box.height;
    if (open === null) {
      open = [];
      found.push(open);
    }
    open.push([x, y]);
  });
  return found;
}

const shown = (points: [number, number][]): string =>
  points.map(([x, y], place) => `${place ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("");

/** Return the path of a line; gaps stay open. */
export const line = (values: readonly (number | null)[], places: readonly number[], box: Box): string =>
  parts(values, places, box)
    .map((each) => (each.length === 1 ? `${shown(each)}h0.01` : shown(each)))
    .join("");

/** Return the path of the area below a line. */
export const area = (values: readonly (number | null)[], places: readonly number[], box: Box): string =>
  parts(values, places, box)
    .filter((each) => each.length > 1)
    .map(
      (each) => `${shown(each)}L${each.at(-1)?.[0].toFixed(1)},${box.height}L${each[0]?.[0].toFixed(1)},${box.height}Z`,
    )
    .join("");
