import Video from "@lucide/svelte/icons/video";
import type { Route } from "../../lib/router.svelte";
import { w } from "./words";

export const routes: Route[] = [
  {
    path: "/live",
    page: () => import("./Live.svelte"),
    title: () => w.t.title,
    entry: { order: 15, group: "make", icon: Video, label: () => w.t.title, scope: "jobs:write" },
  },
];
