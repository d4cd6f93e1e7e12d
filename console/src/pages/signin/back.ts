/** Return the page of this console to which somebody goes after they signed in; no other host, whatever is asked for. */
export function wayBack(asked: string | null): string {
  if (!asked?.startsWith("/")) return "/";
  const address = new URL(asked, location.origin);
  return address.origin === location.origin && address.pathname !== "/signin" ? address.pathname + address.search : "/";
}
