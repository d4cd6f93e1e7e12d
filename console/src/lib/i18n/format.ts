/** Numbers, sizes and times as people read them. */

import { locale } from "./index.svelte";

const made = new Map<string, unknown>();

/** Making one of these takes longer than a hundred uses of it; long lists use them in every row. */
function kept<O, F>(make: new (locale: string, options: O) => F, options: O): F {
  const key = `${make.name} ${locale()} ${JSON.stringify(options)}`;
  let found = made.get(key) as F | undefined;
  if (!found) made.set(key, (found = new make(locale(), options)));
  return found;
}

const numbers = (options: Intl.NumberFormatOptions) => kept(Intl.NumberFormat, options);
const times = (options: Intl.DateTimeFormatOptions) => kept(Intl.DateTimeFormat, options);

export const number = (value: number, digits = 0): string => numbers({ maximumFractionDigits: digits }).format(value);

export const percent = (share: number): string => numbers({ style: "percent", maximumFractionDigits: 0 }).format(share);

const SIZES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

export function bytes(value: number): string {
  const step = value < 1 ? 0 : Math.min(SIZES.length - 1, Math.floor(Math.log10(value) / 3));
  const shown = value / 1000 ** step;
  return numbers({
    style: "unit",
    unit: SIZES[step] ?? "byte",
    unitDisplay: "short",
    maximumFractionDigits: shown < 10 && step > 0 ? 1 : 0,
  }).format(shown);
}

export const moment = (when: string | Date): string =>
  times({ dateStyle: "medium", timeStyle: "short" }).format(new Date(when));

export const day = (when: string | Date): string => times({ dateStyle: "medium" }).format(new Date(when));

export const clock = (when: string | number | Date): string => times({ timeStyle: "short" }).format(new Date(when));

const AGO: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** How long ago, or in how long: "3 minutes ago". */
export function ago(when: string | Date, now = Date.now()): string {
  const seconds = (new Date(when).getTime() - now) / 1000;
  const format = kept(Intl.RelativeTimeFormat, { numeric: "auto" } as const);
  for (const [unit, length] of AGO) {
    if (Math.abs(seconds) >= length) return format.format(Math.trunc(seconds / length), unit);
  }
  return format.format(Math.trunc(seconds), "second");
}

/** Seconds of a clip, as 1:02.4 or 1:02:03. */
export function timecode(seconds: number): string {
  const whole = Math.max(0, seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const rest = whole % 60;
  const tail = hours > 0 ? Math.floor(rest).toString().padStart(2, "0") : rest.toFixed(1).padStart(4, "0");
  return hours > 0 ? `${hours}:${minutes.toString().padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** How long something takes, as "3 min 20 s". */
export function span(seconds: number): string {
  const unit = (value: number, name: string) =>
    numbers({ style: "unit", unit: name, unitDisplay: "short" }).format(value);
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return unit(whole, "second");
  if (whole < 3600) {
    const rest = whole % 60;
    return rest && whole < 600
      ? `${unit(Math.floor(whole / 60), "minute")} ${unit(rest, "second")}`
      : unit(Math.round(whole / 60), "minute");
  }
  const minutes = Math.round((whole % 3600) / 60);
  return minutes
    ? `${unit(Math.floor(whole / 3600), "hour")} ${unit(minutes, "minute")}`
    : unit(Math.floor(whole / 3600), "hour");
}
