import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aReport, CHILD_DOCUMENTS } from './reports.ts';
import { writeTinyModel } from './tiny_model.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-kill-'));
  writeTinyModel(join(folder, 'model'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface End {
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

function runStage(point: string): Promise<End> {
  const script = fileURLToPath(new URL('stage_child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, folder, join(folder, 'model'), point], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((resolve) => {
    child.on('close', (_code, signal) => resolve({ signal, output }));
  });
}

describe('a classifier that is killed', () => {
  it.each(['after documents', 'after opinions', 'after acknowledge'])(
    '%s has labelled every document exactly once when it has run again',
    async (point) => {
      expect((await runStage(point)).signal).toBe('SIGKILL');
      const { signal, output } = await runStage('');
      expect(signal).toBeNull();
      const { handedOn, documents, opinions } = JSON.parse(output) as {
        handedOn: string[];
        documents: number;
        opinions: number;
      };
      expect(handedOn).toEqual(Array.from({ length: CHILD_DOCUMENTS }, (_, index) => aReport(index).id));
      expect({ documents, opinions }).toEqual({ documents: CHILD_DOCUMENTS, opinions: CHILD_DOCUMENTS });
    },
    180_000,
  );
});
