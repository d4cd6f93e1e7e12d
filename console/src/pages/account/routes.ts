import type { Route } from "../../lib/router.svelte";
import { w } from "./words";

export const routes: Route[] = [{ path: "/account", page: () => import("./Account.svelte"), title: () => w.t.title }];
