/**
 * Brings dead letters back to where they came from, once what they died of is mended. A log cannot move messages, so the
 * letters stay until their retention ends, and which of them went is written to `<topic>.redriven`: a second run passes
 * over them. Messages go before that note: a crash in between sends some of them twice, which ids make harmless; the other
 * order would lose them. What dies again makes a new letter, with its own reason.
 *
 * A stage's letter holds the message that it could not take, which goes back to its topic. Ingest's letters hold items
 * that are no documents yet; they go to the topic `items`, from which the ingest stage takes them in like any other. An
 * item that was cut to be kept cannot come back: its origin has it.
 */
import { isoTime } from '../event.ts';
import { DEAD_LETTER_CUT, deadLetterTopic, redrivenTopic, TOPICS } from './stream.ts';
import type { DeadLetter, Message, Received, Stream } from './stream.ts';

export interface RedriveFilter {
  /** Empty lists match all. */
  readonly stages: readonly string[];
  readonly codes: readonly string[];
  /** Epoch milliseconds; letters written before it stay. */
  readonly since: number | null;
}

export interface RedriveReport {
  readonly topic: string;
  /** Letters there are. */
  readonly found: number;
  /** Letters that an earlier run has sent. */
  readonly sent_before: number;
  /** Letters that the filter leaves where they are. */
  readonly not_asked_for: number;
  /** Letters that cannot go back, by why. */
  readonly impossible: Readonly<Record<string, number>>;
  /** Letters sent now (a dry run: that would be), by `stage code`. */
  readonly sent: Readonly<Record<string, number>>;
}

/** One note of the ledger: a letter by its place, and by its time, because a log that was started anew counts from 0. */
interface Note {
  readonly partition: number;
  readonly offset: number;
  readonly appended_at: number;
}

const TOGETHER = 200;

/** Sends the letters of one topic that the filter matches. @throws TidewatchError storage.* */
export async function redrive(
  stream: Pick<Stream, 'scan' | 'append'>,
  topic: string,
  filter: RedriveFilter,
  { dryRun, signal }: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<RedriveReport> {
  const known = new Set<string>();
  for await (const notes of stream.scan<Note>(redrivenTopic(topic), signal)) {
    for (const { value } of notes) known.add(placeOf(value));
  }
  const counts = { found: 0, sent_before: 0, not_asked_for: 0 };
  const impossible: Record<string, number> = {};
  const sent: Record<string, number> = {};
  for await (const letters of stream.scan<unknown>(deadLetterTopic(topic), signal)) {
    const going: { readonly letter: Received<unknown>; readonly to: string; readonly value: unknown }[] = [];
    for (const letter of letters) {
      counts.found += 1;
      const value = letter.value as DeadLetter | null;
      if (known.has(placeOf(letter))) counts.sent_before += 1;
      else if (value === null || typeof value !== 'object' || typeof value.stage !== 'string')
        count(impossible, 'not a dead letter');
      else if (!matches(value, filter)) counts.not_asked_for += 1;
      else {
        const to = destination(topic, value);
        if (to === TOPICS.items || to === topic) {
          count(sent, `${value.stage} ${value.code}`);
          going.push({ letter, to, value: value.value });
        } else count(impossible, to);
      }
    }
    if (!dryRun) for (let at = 0; at < going.length; at += TOGETHER) await send(going.slice(at, at + TOGETHER));
  }

  async function send(
    going: readonly { readonly letter: Received<unknown>; readonly to: string; readonly value: unknown }[],
  ): Promise<void> {
    for (const to of [topic, TOPICS.items]) {
      const messages: Message[] = going
        .filter((one) => one.to === to)
        .map(({ letter, value }) => ({ key: letter.key, value }));
      if (messages.length > 0) await stream.append(to, messages, signal);
    }
    const notes = going.map(({ letter: { partition, offset, appended_at, key } }) => ({
      key,
      value: { partition, offset, appended_at, at: isoTime(Date.now()) },
    }));
    await stream.append(redrivenTopic(topic), notes, signal);
  }

  return { topic, ...counts, impossible, sent };
}

function matches({ stage, code, at }: DeadLetter, { stages, codes, since }: RedriveFilter): boolean {
  if (stages.length > 0 && !stages.includes(stage)) return false;
  if (codes.length > 0 && !codes.includes(code)) return false;
  return since === null || Date.parse(at) >= since;
}

/** The topic that a letter goes back to, or why it cannot. */
function destination(topic: string, { stage, value }: DeadLetter): string {
  if (stage !== 'ingest') return topic;
  if (typeof value !== 'object' || value === null || typeof (value as { text?: unknown }).text !== 'string') {
    return 'not an item: its source has to give it again';
  }
  return isCut(value) ? 'cut when it was kept: its source has to give it again' : TOPICS.items;
}

function isCut(value: unknown): boolean {
  if (typeof value === 'string') return value.length > DEAD_LETTER_CUT.chars && value.endsWith(DEAD_LETTER_CUT.mark);
  return typeof value === 'object' && value !== null && Object.values(value).some(isCut);
}

function placeOf({ partition, offset, appended_at }: Note): string {
  return `${partition}:${offset}:${appended_at}`;
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
