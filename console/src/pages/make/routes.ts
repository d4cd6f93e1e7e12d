import WandSparkles from "@lucide/svelte/icons/wand-sparkles";
import type { Route } from "../../lib/router.svelte";
import { w } from "./words";

export const routes: Route[] = [
  {
    path: "/make",
    page: () => import("./Make.svelte"),
    title: () => w.t.title,
    entry: { order: 10, group: "make", icon: WandSparkles, label: () => w.t.title, scope: "jobs:write" },
  },
];
