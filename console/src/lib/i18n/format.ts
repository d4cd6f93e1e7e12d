/** Numbers, sizes and times as people read them. */

import { locale } from "./index.svelte";

export const number = (value: number, digits = 0): string =>
  new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(value);

export const percent = (share: number): string =>
  new Intl.NumberFormat(locale(), { style: "percent", maximumFractionDigits: 0 }).format(share);

const SIZES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

export function bytes(value: number): string {
  const step = value < 1 ? 0 : Math.min(SIZES.length - 1, Math.floor(Math.log10(value) / 3));
  const shown = value / 1000 ** step;
  return new Intl.NumberFormat(locale(), {
    style: "unit",
    unit: SIZES[step] ?? "byte",
    unitDisplay: "short",
    maximumFractionDigits: shown < 10 && step > 0 ? 1 : 0,
  }).format(shown);
}

export const moment = (when: string | Date): string =>
  new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(when));

export const day = (when: string | Date): string =>
  new Intl.DateTimeFormat(locale(), { dateStyle: "medium" }).format(new Date(when));

export const clock = (when: string | number | Date): string =>
  new Intl.DateTimeFormat(locale(), { timeStyle: "short" }).format(new Date(when));

const AGO: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** How long ago, or in how long: "3 minutes ago". */
export function ago(when: string | Date, now = Date.now()): string {
  const seconds = (new Date(when).getTime() - now) / 1000;
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" });
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
    new Intl.NumberFormat(locale(), { style: "unit", unit: name, unitDisplay: "short" }).format(value);
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
