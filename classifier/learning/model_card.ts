/**
 * What a model says of itself, for a page: the words of its card that are plain paragraphs and lists, and the figures of its
 * evaluation. Read, not checked: the process that labels has checked every file before the first text. A file of another form
 * says nothing, since a model without a card labels as well.
 *
 * Rejected: the whole card turned into HTML (a Markdown library on the page for one file, and its tables are in evaluation.json
 * in a better form).
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** A heading of the card with what stands below it. */
export interface CardSection {
  /** Empty for what stands before the first heading. */
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly items: readonly string[];
}

const share = z.number().min(0).max(1);
const groupSchema = z.object({
  set: z.string(),
  lang: z.string(),
  task: z.string(),
  figures: z
    .object({
      rows: z.int().min(0),
      accuracy: share,
      accuracy_interval: z.object({ low: share, high: share }),
      macro_f1: share,
      ece: share,
      bins: z.array(z.object({ rows: z.int().min(0), confidence: share, accuracy: share })),
    })
    .nullable(),
});
const evaluationSchema = z.record(z.string(), z.object({ groups: z.array(groupSchema) }));

export interface GroupFigures {
  readonly split: string;
  readonly set: string;
  readonly language: string;
  readonly task: string;
  readonly rows: number;
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  readonly macro_f1: number;
  /** Expected calibration error. */
  readonly ece: number;
  /** How often it is right where it says that it is so sure; of `all` sets of a language only. */
  readonly bins: readonly { readonly rows: number; readonly confidence: number; readonly accuracy: number }[];
}

export interface ModelDescription {
  readonly card: readonly CardSection[];
  readonly figures: readonly GroupFigures[];
}

/** What lies in the folder of a model. */
export async function describeModel(folder: string): Promise<ModelDescription> {
  const [card, evaluation] = await Promise.all([text(folder, 'MODEL_CARD.md'), text(folder, 'evaluation.json')]);
  return { card: readCard(card), figures: readFigures(evaluation) };
}

/** name@version as the folder's config.json says it; null where it says none. */
export async function nameIn(folder: string): Promise<string | null> {
  const form = z.object({ tidewatch: z.object({ name: z.string(), version: z.string() }) });
  const parsed = form.safeParse(json(await text(folder, 'config.json')));
  return parsed.success ? `${parsed.data.tidewatch.name}@${parsed.data.tidewatch.version}` : null;
}

/** The sections (second level) that are made of paragraphs and lists; tables and code are left out. */
export function readCard(markdown: string): CardSection[] {
  const body = markdown.replace(/^---\n[\s\S]*?\n---\n/, '').replace(/^# .*$/m, '');
  return body.split(/^## /m).flatMap((part, index): CardSection[] => {
    const [title = '', ...rest] = index === 0 ? ['', part] : part.split('\n');
    const blocks = rest
      .join('\n')
      .replace(/^```[\s\S]*?^```$/gm, '')
      .split(/\n{2,}/)
      .map((block) => block.trim())
      .filter((block) => block !== '');
    if (blocks.some((block) => /^(\||#)/.test(block))) return [];
    const isList = (block: string): boolean => block.startsWith('- ');
    const items = blocks.filter(isList).flatMap((block) => block.split(/^- /m).filter((item) => item !== ''));
    const paragraphs = blocks.filter((block) => !isList(block));
    return items.length + paragraphs.length === 0
      ? []
      : [{ title: title.trim(), paragraphs: paragraphs.map(plain), items: items.map(plain) }];
  });
}

/** Words without the signs of Markdown: they are shown as text. */
function plain(markdown: string): string {
  return markdown
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[`*]|(?<!\w)_|_(?!\w)/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

export function readFigures(evaluation: string): GroupFigures[] {
  const parsed = evaluationSchema.safeParse(json(evaluation));
  if (!parsed.success) return [];
  return Object.entries(parsed.data).flatMap(([split, { groups }]) =>
    groups.flatMap(({ set, lang: language, task, figures }): GroupFigures[] => {
      if (figures === null) return [];
      const { accuracy_interval: interval, bins, ...rest } = figures;
      const kept = set === 'all' ? bins.filter(({ rows }) => rows > 0) : [];
      return [{ split, set, language, task, ...rest, ...interval, bins: kept }];
    }),
  );
}

async function text(folder: string, file: string): Promise<string> {
  return readFile(join(folder, file), 'utf8').catch(() => '');
}

function json(written: string): unknown {
  try {
    return JSON.parse(written) as unknown;
  } catch {
    return null;
  }
}
