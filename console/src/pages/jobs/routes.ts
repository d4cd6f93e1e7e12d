import ListVideo from "@lucide/svelte/icons/list-video";
import type { Route } from "../../lib/router.svelte";
import { w } from "./words";

export const routes: Route[] = [
  {
    path: "/jobs",
    page: () => import("./Jobs.svelte"),
    title: () => w.t.title,
    entry: { order: 20, group: "make", icon: ListVideo, label: () => w.t.title, scope: "jobs:read" },
  },
  { path: "/jobs/compare", page: () => import("./Compare.svelte"), title: () => w.t.compareTitle },
  { path: "/jobs/:id", page: () => import("./Job.svelte"), title: () => w.t.title },
];
