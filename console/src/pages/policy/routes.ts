import Scale from "@lucide/svelte/icons/scale";
import type { Route } from "../../lib/router.svelte";
import { w } from "./words";

export const routes: Route[] = [
  {
    path: "/admin/policy",
    page: () => import("./Policy.svelte"),
    title: () => w.t.title,
    entry: { order: 88, group: "admin", icon: Scale, label: () => w.t.title, scope: "jobs:read" },
  },
];
