/** A hashed author by its first signs, enough to tell two apart on a page; a name as it is. */
export function shortAuthor(author: string): string {
  return /^u_[0-9a-f]{32}$/.test(author) ? author.slice(0, 8) : author;
}
