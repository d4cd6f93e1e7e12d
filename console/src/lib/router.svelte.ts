/** Which page is shown: addresses as people see them, history and title. Areas name their own pages, see `Route`. */

import type { Component } from "svelte";
import type { Scope } from "./session.svelte";

export type Group = "make" | "trust" | "admin";

/** A page of the console. */
export interface Route {
  /** Its address; `:name` stands for one part of it, and is handed to the page as a property. */
  path: string;
  // Which properties a page takes are the names in its path.
  page: () => Promise<{ default: Component<any> }>;
  title: () => string;
  /** Whether nobody has to be signed in. */
  isOpen?: boolean;
  /** Whether it stands alone, without the bar of the console. */
  isBare?: boolean;
  /** Where it stands in the bar; pages without it are reached from others. */
  entry?: { order: number; group: Group; icon: Component; label: () => string; scope?: Scope };
}

export interface Match {
  route: Route;
  given: Record<string, string>;
}

/** Return the page that an address names. */
export function match(routes: Route[], path: string): Match | null {
  const parts = path.split("/").filter(Boolean);
  for (const route of routes) {
    const wanted = route.path.split("/").filter(Boolean);
    if (wanted.length !== parts.length) continue;
    const given: Record<string, string> = {};
    const fits = wanted.every((each, place) => {
      const part = parts[place] ?? "";
      if (!each.startsWith(":")) return each === part;
      try {
        given[each.slice(1)] = decodeURIComponent(part);
      } catch {
        return false; // no text at all
      }
      return true;
    });
    if (fits) return { route, given };
  }
  return null;
}

class Router {
  path = $state(location.pathname);
  query = $state.raw(new URLSearchParams(location.search));

  constructor() {
    addEventListener("popstate", () => this.#read());
    document.addEventListener("click", (event) => this.#follow(event));
  }

  go(address: string, { replace = false }: { replace?: boolean } = {}): void {
    if (replace) history.replaceState(null, "", address);
    else history.pushState(null, "", address);
    const before = this.path;
    this.#read();
    if (this.path !== before) scrollTo(0, 0);
  }

  /** Change what stands behind `?` without a new page; empty values go. */
  ask(values: Record<string, string>): void {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(values)) {
      if (value) query.set(name, value);
      else query.delete(name);
    }
    const text = query.toString();
    this.go(text ? `${this.path}?${text}` : this.path, { replace: true });
  }

  #read(): void {
    this.path = location.pathname;
    this.query = new URLSearchParams(location.search);
  }

  #follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
      return;
    const link = (event.target as Element | null)?.closest?.("a");
    if (!link || link.origin !== location.origin || link.target || link.hasAttribute("download")) return;
    if (link.pathname.startsWith("/v1/") || link.pathname === "/openapi.json") return;
    if (link.pathname === location.pathname && link.hash) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}

export const router = new Router();
