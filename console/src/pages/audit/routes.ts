import ScrollText from "@lucide/svelte/icons/scroll-text";
import type { Route } from "../../lib/router.svelte";
import { w } from "./words";

export const routes: Route[] = [
  {
    path: "/audit",
    page: () => import("./Audit.svelte"),
    title: () => w.t.title,
    entry: { order: 50, group: "trust", icon: ScrollText, label: () => w.t.title, scope: "audit:read" },
  },
];
