import Gauge from "@lucide/svelte/icons/gauge";
import type { Route } from "../../lib/router.svelte";
import { w } from "./words";

export const routes: Route[] = [
  {
    path: "/admin/limits",
    page: () => import("./Limits.svelte"),
    title: () => w.t.title,
    entry: { order: 86, group: "admin", icon: Gauge, label: () => w.t.title, scope: "jobs:read" },
  },
];
