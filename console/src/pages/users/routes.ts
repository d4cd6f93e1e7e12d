import UsersRound from "@lucide/svelte/icons/users-round";
import type { Route } from "../../lib/router.svelte";
import { w } from "./words";

export const routes: Route[] = [
  {
    path: "/admin/users",
    page: () => import("./Users.svelte"),
    title: () => w.t.title,
    entry: { order: 88, group: "admin", icon: UsersRound, label: () => w.t.title, scope: "admin" },
  },
];
