/**
 * A teacher's answers to the training rows that it speaks to, computed once and kept on disk: the student then trains as fast
 * as without a teacher, as often as one likes. Kept in parts, so that a run that dies half way goes on from the last whole
 * part; each part names the teacher and the rows it answers, and one that is of others is computed again. Who can be a teacher
 * is in teachers.ts.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from './data.ts';
import type { Answers } from './distil_loss.ts';
import { readSafetensors, type Weights, writeSafetensors } from './safetensors.ts';

/** What the teacher says of these rows, in their order; zeros of rows that it was not asked. */
export type Teaching = (rows: readonly Row[]) => Answers;

/** A text as the teacher reads it. */
export type Asked = Pick<Row, 'ids'>;

export interface Teacher {
  /** Names the model and what it was trained to, so that answers of another are not taken for its own. */
  name: string;
  /** By head [rows, labels], and under `pooled` the pooled states [rows, H] where the teacher shows them. */
  answer: (rows: readonly Asked[]) => Promise<Weights>;
  close: () => Promise<void>;
}

const PART = 4096;

/** Name of the pooled states among a teacher's answers. */
export const POOLED = 'pooled';

export async function askTeacher(
  teacher: Teacher,
  rows: readonly Row[],
  folder: string,
  log: (line: string) => void,
): Promise<Teaching> {
  mkdirSync(folder, { recursive: true });
  const asked = rows.filter(({ teacherShare }) => teacherShare > 0);
  const parts: Weights[] = [];
  const started = performance.now();
  let answered = 0;
  for (let at = 0; at < asked.length; at += PART) {
    const part = asked.slice(at, at + PART);
    const path = join(folder, `part-${String(at / PART).padStart(4, '0')}.safetensors`);
    const question = fingerprint(teacher.name, part);
    const stored = existsSync(path) ? readSafetensors(path) : null;
    if (stored?.metadata['asked'] === question) {
      parts.push(stored.weights);
      continue;
    }
    const answers = await teacher.answer(part);
    writeSafetensors(path, answers, { asked: question });
    parts.push(answers);
    answered += part.length;
    const rate = answered / ((performance.now() - started) / 1000);
    const left = Math.ceil((asked.length - at - part.length) / rate / 60);
    log(
      `teacher: ${at + part.length} of ${asked.length} rows answered, ${rate.toFixed(0)} rows/s, ${left} minutes left`,
    );
  }
  const places = new Map(asked.map((row, index) => [row.ids, index]));
  return (wanted) =>
    pick(
      parts,
      wanted.map((row) => places.get(row.ids)),
    );
}

function pick(parts: readonly Weights[], places: readonly (number | undefined)[]): Answers {
  const gather = (name: string, width: number): Float32Array => {
    const out = new Float32Array(places.length * width);
    for (const [row, place] of places.entries()) {
      if (place === undefined) continue;
      const from = (place % PART) * width;
      const data = parts[Math.floor(place / PART)]?.get(name)?.data;
      if (data !== undefined) out.set(data.subarray(from, from + width), row * width);
    }
    return out;
  };
  const widths = [...(parts[0] ?? [])].map(([name, { shape }]) => [name, shape[1] ?? 0] as const);
  const all = Object.fromEntries(widths.map(([name, width]) => [name, gather(name, width)]));
  const { [POOLED]: pooled = new Float32Array(), ...logits } = all;
  return { logits, pooled };
}

function fingerprint(name: string, rows: readonly Row[]): string {
  const hash = createHash('sha256').update(name);
  for (const row of rows)
    hash.update(new Uint8Array(row.ids.buffer, row.ids.byteOffset, row.ids.byteLength)).update(';');
  return hash.digest('hex');
}
