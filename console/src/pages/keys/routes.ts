import KeyRound from "@lucide/svelte/icons/key-round";
import type { Route } from "../../lib/router.svelte";
import { w } from "./words";

export const routes: Route[] = [
  {
    path: "/admin/keys",
    page: () => import("./Keys.svelte"),
    title: () => w.t.title,
    entry: { order: 84, group: "admin", icon: KeyRound, label: () => w.t.title, scope: "admin" },
  },
];
