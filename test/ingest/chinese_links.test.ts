/** Posts as Weibo's users write them, a link and then the sentence without a blank, through the whole of intake. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWorkbench, type Workbench } from './workbench.ts';

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench.close());

it('takes in two posts whose sentence follows the link, each about its own company', { timeout: 60_000 }, async () => {
  const posts = [
    '点击查看 https://t.cn/A6abc，贵州茅台净利润大幅下滑，股价跌停',
    '点击查看 https://t.cn/B7xyz，比亚迪召回十万辆汽车',
  ];
  const path = join(bench.folder, 'posts.jsonl');
  writeFileSync(path, posts.map((text, id) => JSON.stringify({ id: String(id), text })).join('\n'));
  const watched = join(bench.folder, 'watched.yaml');
  writeFileSync(
    watched,
    'entities:\n  - { id: moutai, name: Moutai, name_zh: 贵州茅台, kind: company }\n  - { id: byd, name: BYD, name_zh: 比亚迪, kind: company }\n',
  );
  await bench.start({ watchlists: [watched], sources: [{ type: 'file', name: 'posts', path }] });
  const documents = await bench.documents(2);
  expect(documents.map(({ entities }) => entities.map(({ id }) => id))).toEqual([['moutai'], ['byd']]);
  expect(documents.map(({ links }) => links)).toEqual([['https://t.cn/A6abc'], ['https://t.cn/B7xyz']]);
});
