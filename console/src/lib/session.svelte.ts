/** Who uses the console. */

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

export interface Person {
  tenant: string;
  actor: string;
  name: string;
  scopes: Scope[];
  way: string;
  ends: string | null;
}

const ALL: Scope[] = [
  "jobs:read",
  "jobs:write",
  "faces:read",
  "faces:write",
  "uploads:write",
  "models:read",
  "models:write",
  "consents:read",
  "consents:write",
  "review:write",
  "audit:read",
  "webhooks:read",
  "webhooks:write",
  "admin",
  "platform",
];

class Session {
  /** Who it is; null where nobody is signed in, undefined until that is known. */
  person = $state.raw<Person | null | undefined>(undefined);
  csrf = "";

  /** Ask the service who this is. */
  async begin(): Promise<void> {
    const answer = await fetch("/v1/session", { credentials: "same-origin" });
    if (answer.status === 404) {
      // JOIN: goes with the sessions
      this.take({ tenant: "default", actor: "user:local", name: "local", scopes: ALL, way: "local", ends: null });
      return;
    }
    if (!answer.ok) {
      this.lost();
      return;
    }
    this.take((await answer.json()) as Person & { csrf?: string | null });
  }

  take(known: Person & { csrf?: string | null }): void {
    this.csrf = known.csrf ?? "";
    this.person = known;
  }

  lost(): void {
    this.csrf = "";
    this.person = null;
  }

  may(scope: Scope | undefined): boolean {
    return scope === undefined || (this.person?.scopes.includes(scope) ?? false);
  }
}

export const session = new Session();
