import ClipboardCheck from "@lucide/svelte/icons/clipboard-check";
import type { Route } from "../../lib/router.svelte";
import { w } from "./words";

export const routes: Route[] = [
  {
    path: "/review",
    page: () => import("./Queue.svelte"),
    title: () => w.t.title,
    entry: { order: 30, group: "trust", icon: ClipboardCheck, label: () => w.t.title, scope: "review:write" },
  },
  { path: "/review/:id", page: () => import("./Review.svelte"), title: () => w.t.one },
];
