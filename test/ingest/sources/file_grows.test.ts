import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorkbench, type Workbench } from '../workbench.ts';

let bench: Workbench;
beforeEach(async () => {
  bench = await openWorkbench();
});
afterEach(() => bench.close());

async function read(path: string): Promise<number | undefined> {
  const stage = await bench.start({ sources: [{ type: 'file', name: 'f', path }] });
  await stage.finished;
  const [health] = stage.health();
  await stage.stop();
  return health?.items;
}

const written = (name: string, content: string): string => {
  const path = join(bench.folder, name);
  writeFileSync(path, content);
  return path;
};
const texts = async (count: number): Promise<string[]> => (await bench.documents(count)).map(({ text }) => text);

describe('a file between two starts', { timeout: 120_000 }, () => {
  it('that began with its header alone is known as another one when it is replaced', async () => {
    const header = 'id,title,text,published_at\n';
    const rows = (day: number, count: number): string =>
      Array.from({ length: count }, (_, row) => {
        const number = day * 1000 + row;
        return `d${number},News ${number},Company ${row} reports something of its own number ${number},2026-03-0${day}\n`;
      }).join('');
    const path = written('day.csv', header);
    expect(await read(path)).toBe(0);
    writeFileSync(path, header + rows(2, 50));
    expect(await read(path)).toBe(50);
    writeFileSync(path, header + rows(3, 60));
    expect(await read(path)).toBe(60);
  });

  it('brings a line of JSON that was half written whole, and refuses it once while it is not', async () => {
    const path = written('grow.jsonl', '{"id":"1","text":"one is whole"}\n{"id":"2","text":"two is being wri');
    expect(await read(path)).toBe(1);
    expect(await read(path)).toBe(0);
    expect((await bench.deadLetters(1)).map(({ reason }) => reason.slice(0, 22))).toEqual(['Line 2: it is not JSON']);
    appendFileSync(path, 'tten"}\n{"id":"3","text":"three came later"}\n');
    expect(await read(path)).toBe(2);
    expect(await texts(3)).toEqual(['one is whole', 'two is being written', 'three came later']);
  });

  it('brings a row that was half written again under its id, and a whole row without a line end once', async () => {
    const path = written('grow.csv', 'id,text\n1,银行股票今日全线上涨\n2,Company profit did not fa');
    expect(await read(path)).toBe(2);
    appendFileSync(path, 'll at all\n3,three came later');
    expect(await read(path)).toBe(2);
    expect(await read(path)).toBe(0);
    appendFileSync(path, '\n4,four came last\n');
    expect(await read(path)).toBe(1);
    const documents = await bench.documents(5);
    expect(documents.map(({ text }) => text)).toEqual([
      '银行股票今日全线上涨',
      'Company profit did not fa',
      'Company profit did not fall at all',
      'three came later',
      'four came last',
    ]);
    expect(documents[1]?.id).toBe(documents[2]?.id);
  });

  it('brings a quoted text whole whose lines were half written', async () => {
    const path = written('quoted.csv', 'id,text\n1,one\n2,"A first line\n');
    expect(await read(path)).toBe(1);
    appendFileSync(path, 'and a second"\n3,three\n');
    expect(await read(path)).toBe(2);
    expect(await texts(3)).toEqual(['one', 'A first line and a second', 'three']);
  });
});
