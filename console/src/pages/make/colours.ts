/** Colours by which faces are told apart, on portraits and on the dark stage alike. */

const COLOURS = ["#8b87ff", "#2ec4a6", "#f2a33a", "#f07bb4", "#6ab7ff", "#a4cf3f"];

export const colourOf = (number: number): string => COLOURS[(Math.max(1, number) - 1) % COLOURS.length] ?? "#8b87ff";
