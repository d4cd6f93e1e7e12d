import type { Schemas } from "../../lib/api/client";

export type User = Schemas["UserAnswer"];
export type Role = User["role"];

/** Roles that are given here; the command line alone gives that of those who run the service. */
export const ROLES: readonly Role[] = ["viewer", "operator", "reviewer", "admin"];
