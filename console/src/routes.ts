/** All pages: each area below `pages/` names its own in its `routes.ts`. */

import type { Route } from "./lib/router.svelte";

const areas = import.meta.glob<{ routes: Route[] }>("./pages/*/routes.ts", { eager: true });

export const routes: Route[] = Object.values(areas).flatMap((each) => each.routes);

export const entries = routes
  .filter((each) => each.entry)
  .sort((one, other) => (one.entry?.order ?? 0) - (other.entry?.order ?? 0));
