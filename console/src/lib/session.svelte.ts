/** Who uses the console. */

import { Problem } from "./api/problem";
import type { components } from "./api/schema";

export type Scope =
  | "jobs:read"
  | "jobs:write"
  | "faces:read"
  | "faces:write"
  | "uploads:write"
  | "models:read"
  | "models:write"
  | "consents:read"
  | "consents:write"
  | "review:write"
  | "audit:read"
  | "webhooks:read"
  | "webhooks:write"
  | "admin"
  | "platform";

/** Who it is, as the service tells it. */
export type Person = Omit<components["schemas"]["SessionAnswer"], "scopes"> & { scopes: Scope[] };

const KEPT = "facefusion.person";
/** What belongs to the browser, whoever uses it. */
const OF_BROWSER = new Set(["facefusion.language", "facefusion.theme", KEPT]);

class Session {
  /** Who it is; null where nobody is signed in, undefined until that is known. */
  person = $state.raw<Person | null | undefined>(undefined);
  csrf = "";
  /** By what people see who they are. */
  readonly label = $derived(this.person ? (this.person.name ?? this.person.actor) : "");

  constructor() {
    // In another window somebody may have signed out, or in as somebody else.
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && this.person) void this.begin().catch(() => undefined);
    });
  }

  /**
   * Ask the service who this is.
   *
   * @throws Problem it does not answer, or says something else than who it is, or that nobody is signed in.
   */
  async begin(): Promise<void> {
    let answer: Response;
    try {
      answer = await fetch("/v1/session", { credentials: "same-origin" });
    } catch {
      throw Problem.offline();
    }
    if (answer.status === 401) this.lost();
    else if (!answer.ok) throw await Problem.of(answer);
    else this.take((await answer.json()) as Person);
  }

  /** Take up what the service says; what another person left in this browser goes first. */
  take(person: Person): void {
    const who = `${person.tenant} ${person.actor}`;
    const before = this.person;
    try {
      if (localStorage.getItem(KEPT) !== who) {
        forget();
        localStorage.setItem(KEPT, who);
      }
    } catch {
      // A browser that keeps nothing has nothing of anybody.
    }
    if (before && `${before.tenant} ${before.actor}` !== who) location.assign("/"); // nothing of them stays on the page
    this.csrf = person.csrf ?? "";
    if (JSON.stringify(before) !== JSON.stringify(person)) this.person = person;
  }

  lost(): void {
    this.csrf = "";
    this.person = null;
  }

  /**
   * Sign out.
   *
   * @param everywhere whether in all other browsers, too.
   * @throws Problem the service does not answer.
   */
  async leave(everywhere = false): Promise<void> {
    let answer: Response;
    try {
      const headers = { "X-CSRF-Token": this.csrf };
      const address = everywhere ? "/v1/session?everywhere=true" : "/v1/session";
      answer = await fetch(address, { method: "DELETE", credentials: "same-origin", headers });
    } catch {
      throw Problem.offline();
    }
    if (!answer.ok && answer.status !== 401) throw await Problem.of(answer);
    forget();
    location.assign("/signin");
  }

  may(scope: Scope | undefined): boolean {
    return scope === undefined || (this.person?.scopes.includes(scope) ?? false);
  }
}

/** Remove what pages kept in this browser for whoever used it. */
function forget(): void {
  try {
    for (const name of Object.keys(localStorage)) if (!OF_BROWSER.has(name)) localStorage.removeItem(name);
    localStorage.removeItem(KEPT);
    sessionStorage.clear();
  } catch {
    // It keeps nothing.
  }
}

export const session = new Session();
