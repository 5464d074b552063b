/** Gives the reader a file that the page made; nothing leaves the browser. */

export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it up by then; at once would cut some of them off.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A file name that any system takes: "Norvale Bank" and "csv" give tidewatch-norvale-bank-2026-03-16.csv. */
export function fileName(what: string, until: string, ending: string): string {
  const plain = what
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '');
  return `tidewatch-${plain}-${until.slice(0, 10)}.${ending}`;
}
