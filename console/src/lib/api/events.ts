/** Streams of events that come again by themselves after a break, a closed laptop or a new start of the service. */

export interface Listening {
  close: () => void;
}

/**
 * Listen to events of an address.
 *
 * @param kinds names of events that are wanted; `progress` and `message` have no number.
 * @param heard gets each event's name and what it tells.
 * @param ended is called when the service says that no more will come.
 */
export function listen(
  address: string,
  kinds: readonly string[],
  heard: (kind: string, facts: unknown) => void,
  ended: () => void = () => undefined,
): Listening {
  const source = new EventSource(address);
  for (const kind of kinds) {
    source.addEventListener(kind, (event) => {
      heard(kind, JSON.parse((event as MessageEvent<string>).data));
    });
  }
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) ended();
  });
  return { close: () => source.close() };
}
