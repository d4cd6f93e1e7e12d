/** Refusals that are no mistakes of anybody: rules, consents, content. */

import { w } from "./words";

export type Refused = keyof typeof w.t.refusals;

/** Whether an error is such a refusal; `kind` is its name, such as `ConsentMissingError`. */
export const isRefusal = (kind: string | undefined): kind is Refused => kind !== undefined && kind in w.t.refusals;
