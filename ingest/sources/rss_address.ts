/**
 * The addresses of one feed: which is asked next, and which may be shown. Pure. A user and a password in the settings'
 * address belong to that origin alone: they go with a feed that moved within it, and into nothing that leaves the house.
 */

/** What is asked: where a permanent redirect led, if to anywhere, else the address of the settings. */
export function addressToAsk(chosen: string, movedTo: string | null): string {
  if (movedTo === null || !URL.canParse(movedTo)) return chosen;
  const { origin, username, password } = new URL(chosen);
  const moved = new URL(movedTo);
  if (username + password === '' || moved.origin !== origin || moved.username !== '') return movedTo;
  // Servers write a redirect without them, and a browser would send them again within the same origin.
  moved.username = username;
  moved.password = password;
  return moved.href;
}

/** The address without user and password: what links are relative to, and what a hub is told. */
export function shownAddress(address: string): string {
  const url = new URL(address);
  url.username = '';
  url.password = '';
  return url.href;
}
