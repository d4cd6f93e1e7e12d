/** Options in words: the service describes them in English; Chinese stands here. */

import { languages } from "../../lib/i18n/index.svelte";
import { GROUPS, OPTIONS, SUMMARIES, VALUES } from "./optionsZh";

const isZh = (): boolean => languages.current === "zh";
const spaced = (name: string): string => {
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
};
const sentence = (text: string): string => (text ? text.charAt(0).toUpperCase() + text.slice(1) : text);

/** What an option is called. */
export function optionLabel(name: string): string {
  return (isZh() ? OPTIONS[name]?.[0] : undefined) ?? spaced(name);
}

/** One line of what an option does. */
export function optionHint(name: string, english: string): string {
  return (isZh() ? OPTIONS[name]?.[1] : undefined) ?? sentence(english);
}

/** What a group of options is called. */
export function groupLabel(name: string): string {
  return GROUPS[name]?.[isZh() ? 1 : 0] ?? spaced(name);
}

/** One line of what a processor does. */
export function processorHint(name: string, english: string): string {
  return (isZh() ? SUMMARIES[name] : undefined) ?? sentence(english);
}

/** What a value of a closed set is called. */
export function valueLabel(value: string): string {
  return (isZh() ? VALUES[value] : undefined) ?? value;
}
