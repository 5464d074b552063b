/** A disk that can be filled or made read-only without harm: a small tmpfs, where this user may mount one. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly folder: string;
  makeReadOnly(): void;
  unmount(): void;
}

/** Mounts one of `megabytes`; a string says why it cannot be had. */
export function mountSmallDisk(megabytes: number): SmallDisk | string {
  const folder = mkdtempSync(join(tmpdir(), 'tidewatch-small-disk-'));
  const quiet = { stdio: 'pipe' } as const;
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], quiet);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    return `no tmpfs can be mounted here: ${String((error as { stderr?: unknown }).stderr ?? error).trim()}`;
  }
  return {
    folder,
    makeReadOnly: () => void execFileSync('mount', ['-o', 'remount,ro', folder], quiet),
    unmount() {
      execFileSync('umount', ['--lazy', folder], quiet);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
