import { Problem } from "../../lib/api/problem";
import { w } from "./words";

/** Return what people are told of a refusal: in their own language where it is one that this page knows. */
export function refusal(problem: Problem, isNew = false): Problem {
  if (problem.kind !== "AccountError") return problem;
  const told = isNew ? { detail: w.t.taken, hint: "" } : { detail: w.t.last, hint: w.t.lastHint };
  return new Problem(problem.status, { ...problem.body, ...told }, true);
}
