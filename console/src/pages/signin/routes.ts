import type { Route } from "../../lib/router.svelte";
import { w } from "./words";

export const routes: Route[] = [
  { path: "/signin", page: () => import("./SignIn.svelte"), title: () => w.t.title, isOpen: true, isBare: true },
];
