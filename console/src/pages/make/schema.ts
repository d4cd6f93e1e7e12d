/** The options that a job may set, as the service tells of them. */

import { api, got } from "../../lib/api/client";

interface Property {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  items?: { type?: string; enum?: string[] };
  anyOf?: Property[];
  "x-group"?: string;
  "x-use"?: "input" | "output";
}

export type Kind = "switch" | "slider" | "number" | "choice" | "several" | "list" | "text" | "file";

export interface Option {
  name: string;
  group: string;
  kind: Kind;
  description: string;
  usual: unknown;
  isEmptied: boolean;
  values: string[];
  min: number;
  max: number;
  step: number;
  isWhole: boolean;
  /** Which files it takes, as of an input. */
  accept: string;
}

const ACCEPTS: Record<string, string> = {
  source_audio: "audio/*,video/*",
  expression_restorer_driving: "video/*,image/*",
  colour_matcher_reference: "image/*,video/*",
  makeup_reference: "image/*",
  stylizer_lut: ".cube",
};

/** Options that the page sets by other means: by people, files, steps and the scrubber. */
const ELSEWHERE = new Set([
  ...["preset", "face_map", "processors", "chain", "processor_options", "trim_start", "trim_end"],
  ...["reference_face_path", "reference_face_position", "source_face_position"],
  ...["thumbnail", "contact_sheet", "sequence_rate", "sequence_start"],
]);

export async function readOptions(): Promise<Option[]> {
  const { options } = await got(api.GET("/v1/options"));
  const properties = (options["properties"] ?? {}) as Record<string, Property>;
  return Object.entries(properties)
    .filter(([name]) => !ELSEWHERE.has(name))
    .map(([name, property]) => optionOf(name, property))
    .filter((each) => each !== null);
}

function optionOf(name: string, property: Property): Option | null {
  const real = property.anyOf?.filter((each) => each.type !== "null") ?? [property];
  const first = real[0] ?? property;
  if (property["x-use"] === "output") return null;
  const [low, high] = [first.minimum ?? first.exclusiveMinimum, first.maximum ?? first.exclusiveMaximum];
  const isNumber = first.type === "number" || first.type === "integer";
  const isWhole = first.type === "integer";
  return {
    name,
    group: property["x-group"] ?? "output",
    kind: property["x-use"]
      ? "file"
      : kindOf(first, real.length, property.anyOf !== undefined, isNumber && low !== undefined && high !== undefined),
    description: property.description ?? "",
    usual: property.default ?? null,
    isEmptied: property.anyOf?.some((each) => each.type === "null") ?? false,
    values: first.enum ?? first.items?.enum ?? [],
    min: low ?? 0,
    max: high ?? 100,
    step: first.multipleOf ?? (isWhole ? 1 : 0.01),
    isWhole,
    accept: ACCEPTS[name] ?? "",
  };
}

function kindOf(first: Property, ways: number, isOpen: boolean, isBound: boolean): Kind {
  if (ways > 1) return "text";
  if (first.type === "boolean") return "switch";
  if (first.enum) return "choice";
  if (first.type === "array") return first.items?.enum ? "several" : "list";
  // A share that may be left open is a slider all the same; a whole number, such as a size, is not.
  if (first.type === "number") return isBound ? "slider" : "number";
  if (first.type === "integer") return isBound && !isOpen ? "slider" : "number";
  return "text";
}
