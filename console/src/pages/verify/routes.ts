import ShieldCheck from "@lucide/svelte/icons/shield-check";
import type { Route } from "../../lib/router.svelte";
import { w } from "./words";

export const routes: Route[] = [
  {
    path: "/verify",
    page: () => import("./Verify.svelte"),
    title: () => w.t.title,
    isOpen: true,
    entry: { order: 30, group: "trust", icon: ShieldCheck, label: () => w.t.title, scope: "jobs:read" },
  },
];
