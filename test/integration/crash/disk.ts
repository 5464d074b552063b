/** A small disk (tmpfs) that can be filled to its last byte and emptied again; an ordinary folder where none may be mounted. */
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { mountSmallDisk } from '../../core/stream/small_disk.ts';

export interface Disk {
  readonly folder: string;
  /** Says why it cannot be filled without harm to others, where it cannot. */
  readonly missing?: string;
  fill(): void;
  empty(): void;
  remove(): void;
}

const PIECE = 1_000_000;

/** `fallback`: the folder to use where no tmpfs may be mounted. */
export function openDisk(megabytes: number, fallback: string): Disk {
  const mounted = mountSmallDisk(megabytes);
  if (typeof mounted === 'string') {
    mkdirSync(fallback, { recursive: true });
    const nothing = (): void => undefined;
    return { folder: fallback, missing: mounted, fill: nothing, empty: nothing, remove: nothing };
  }
  const ballast = join(mounted.folder, 'ballast');
  let isThere = true;
  const remove = (): void => {
    if (isThere) mounted.unmount();
    isThere = false;
  };
  process.once('exit', remove);
  return {
    folder: mounted.folder,
    fill() {
      const file = openSync(ballast, 'a');
      try {
        for (let size = PIECE; size >= 1;) {
          try {
            if (writeSync(file, Buffer.alloc(size, 1)) < size) size = Math.floor(size / 2);
          } catch {
            size = Math.floor(size / 2);
          }
        }
      } finally {
        closeSync(file);
      }
    },
    empty: () => rmSync(ballast, { force: true }),
    remove,
  };
}
