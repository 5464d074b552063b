/** The sentences and labels that are ours: every label is one that a head has, and nothing of a test is trained on. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EVENTS, SENTIMENTS, TOPICS, TOPICS_ZH } from '../../../classifier/train/labels.ts';

const TRAIN = join(import.meta.dirname, '../../../classifier/train');
interface Line {
  id: string;
  text?: string;
  sentiment?: string;
  mixed?: boolean;
  topic?: string;
  event?: string;
  topics_zh?: string[];
  entities?: { target: string; sentiment: string }[];
}
const read = (folder: string): [file: string, lines: Line[]][] =>
  readdirSync(join(TRAIN, folder)).map((file) => {
    const lines = readFileSync(join(TRAIN, folder, file), 'utf8')
      .trim()
      .split('\n');
    return [file, lines.map((line) => JSON.parse(line) as Line)];
  });
const knows = (labels: readonly string[], label: string | undefined): boolean =>
  label === undefined || labels.includes(label);

function isRight({ sentiment, topic, event, topics_zh: topicsZh = [], entities = [] }: Line): boolean {
  const names = new Set(entities.map(({ target }) => target));
  return (
    knows(SENTIMENTS, sentiment) &&
    knows(TOPICS, topic) &&
    knows(EVENTS, event) &&
    topicsZh.every((label) => knows(TOPICS_ZH, label)) &&
    names.size === entities.length &&
    entities.every((entity) => SENTIMENTS.includes(entity.sentiment as (typeof SENTIMENTS)[number]))
  );
}

describe.each(['corpus', 'annotations', 'chinese_topics'])('the %s', (folder) => {
  const files = read(folder);

  it('has labels that the heads have, and of each entity one', () => {
    const wrong = files.flatMap(([file, lines]) =>
      lines.filter((line) => !isRight(line)).map(({ id }) => `${file} ${id}`),
    );
    expect(wrong).toEqual([]);
  });

  it('has each id once, so that its test is not trained on', () => {
    const ids = files.flatMap(([, lines]) => lines.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    expect(files.map(([file]) => file)).toContain('test.jsonl');
  });
});

describe('the corpus', () => {
  it('names in each sentence the entities that it is asked about', () => {
    const absent = read('corpus').flatMap(([, lines]) =>
      lines.filter(({ text = '', entities = [] }) => entities.some(({ target }) => !text.includes(target))),
    );
    expect(absent).toEqual([]);
  });

  it('says nothing in its test that it says elsewhere', () => {
    const texts = read('corpus').flatMap(([, lines]) => lines.map(({ text = '' }) => text.toLowerCase()));
    expect(new Set(texts).size).toBe(texts.length);
  });
});

describe.each(['annotations', 'chinese_topics'])('the %s', (folder) => {
  it('pass on no text of others', () => {
    expect(read(folder).flatMap(([, lines]) => lines.filter(({ text }) => text !== undefined))).toEqual([]);
  });
});
