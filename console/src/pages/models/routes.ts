import Boxes from "@lucide/svelte/icons/boxes";
import type { Route } from "../../lib/router.svelte";
import { w } from "./words";

export const routes: Route[] = [
  {
    path: "/admin/models",
    page: () => import("./Models.svelte"),
    title: () => w.t.title,
    entry: { order: 82, group: "admin", icon: Boxes, label: () => w.t.title, scope: "models:read" },
  },
];
