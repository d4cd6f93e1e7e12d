import Signature from "@lucide/svelte/icons/signature";
import type { Route } from "../../lib/router.svelte";
import { w } from "./words";

export const routes: Route[] = [
  {
    path: "/consents",
    page: () => import("./Consents.svelte"),
    title: () => w.t.title,
    entry: { order: 40, group: "trust", icon: Signature, label: () => w.t.title, scope: "consents:read" },
  },
  { path: "/consents/new", page: () => import("./NewConsent.svelte"), title: () => w.t.newTitle },
  { path: "/consents/:id", page: () => import("./Consent.svelte"), title: () => w.t.title },
];
