import type { Route } from "../../lib/router.svelte";
import { w } from "./words";

export const routes: Route[] = [
  {
    path: "/shared/:token",
    page: () => import("./Shared.svelte"),
    title: () => w.t.title,
    isOpen: true,
    isBare: true,
  },
];
