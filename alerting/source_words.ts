/** What an alert of a source says of it, in English and in Chinese. */
import type { Alert } from '../core/event.ts';
import type { SourceCause } from '../core/health.ts';

/** Why it is as it is: in English as ingest said it, and what that rests on where it is known. */
interface Why {
  readonly reason: string | null;
  readonly cause?: SourceCause | undefined;
}

/** What follows its name, in English and Chinese; of what is not named here: that it works again. */
const WORDS: Readonly<Record<string, readonly [string, string]>> = {
  quiet: ['is quiet', '异常沉默'],
  dead: ['is dead', '已失效'],
  removed: ['is no longer in the settings', '已从配置中移除'],
};

/** How it is, without the end of the sentence. */
export function said(name: string, type: string | undefined, status: string): Alert['summary'] {
  const [en, zh] = type === undefined ? ['', ''] : [` (${type})`, `（${type}）`];
  const [inEnglish, inChinese] = WORDS[status] ?? ['works again', '已恢复'];
  return { en: `The source ${name}${en} ${inEnglish}`, zh: `数据源 ${name}${zh}${inChinese}` };
}

export function whyInEnglish({ reason }: Why): string {
  return reason === null ? '' : ` ${reason.replace(/\.$/, '')}.`;
}

/** Ingest says it in English, with its figures beside; what an origin answered stays in its words. */
export function whyInChinese({ reason, cause }: Why): string {
  if (cause === undefined) return reason === null ? '' : `原因：${ended(reason)}`;
  const since = `${cause.since.slice(0, 16).replace('T', ' ')} UTC`;
  if (cause.kind === 'failure') return `自${since}起一直失败，原因：${ended(cause.error ?? '未知')}`;
  const usual = Number(cause.expected.toPrecision(2));
  const probability = cause.probability.toExponential(0);
  return `它有应答，但自${since}起没有带来任何内容，而平常这段时间约有${usual}篇（概率${probability}）。请查看其地址是否仍有新闻。`;
}

function ended(sentence: string): string {
  return `${sentence.replace(/[.。]$/, '')}。`;
}
