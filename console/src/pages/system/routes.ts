import Activity from "@lucide/svelte/icons/activity";
import type { Route } from "../../lib/router.svelte";
import { w } from "./words";

export const routes: Route[] = [
  {
    path: "/admin/system",
    page: () => import("./System.svelte"),
    title: () => w.t.title,
    entry: { order: 80, group: "admin", icon: Activity, label: () => w.t.title, scope: "admin" },
  },
];
