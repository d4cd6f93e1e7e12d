/** The REST API, typed by its own document: the console can do nothing that the API cannot. */

import createClient, { type Middleware } from "openapi-fetch";
import { session } from "../session.svelte";
import { Problem } from "./problem";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/** Headers that a request of this method must bear; for those who do not ask through `api`. */
export function headersFor(method: string): Record<string, string> {
  const token = session.csrf;
  return SAFE.has(method.toUpperCase()) || !token ? {} : { "X-CSRF-Token": token };
}

const signing: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(headersFor(request.method))) request.headers.set(name, value);
    return request;
  },
  onResponse({ response, schemaPath }) {
    if (response.status === 401 && !schemaPath.startsWith("/v1/session")) session.lost();
    return response;
  },
};

export const api = createClient<paths>({ baseUrl: location.origin, credentials: "same-origin" });
api.use(signing);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/**
 * Return what was asked for.
 *
 * @throws Problem what the service said, or that no answer came.
 */
export async function got<T>(asked: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw Problem.offline();
  }
  if (!answer.response.ok) {
    const body = answer.error;
    const known = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
    throw new Problem(answer.response.status, known);
  }
  return answer.data as T;
}

/**
 * Ask for what is no JSON, such as a picture.
 *
 * @throws Problem as `got`.
 */
export async function fetched(address: string, init: RequestInit = {}): Promise<Response> {
  const method = init.method ?? "GET";
  let answer: Response;
  try {
    answer = await fetch(address, {
      ...init,
      credentials: "same-origin",
      headers: { ...headersFor(method), ...(init.headers as Record<string, string> | undefined) },
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw Problem.offline();
  }
  if (answer.status === 401) session.lost();
  if (!answer.ok) throw await Problem.of(answer);
  return answer;
}
