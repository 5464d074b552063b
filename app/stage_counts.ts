/** What the stages of a finite run counted, by reason: counters of this process, which a run that is gone on with begins anew. */
import type { Metrics } from '../core/metrics.ts';
import type { LinesLeftOut } from '../backtest/feed_notes.ts';

/** The sums of one counter of a stage by its label `reason`; '' where it has none. */
export async function countsByReason({ registry }: Metrics, name: string, stage: string): Promise<Map<string, number>> {
  const sums = new Map<string, number>();
  for (const { labels, value } of (await registry.getSingleMetric(name)?.get())?.values ?? []) {
    if (labels['stage'] !== stage) continue;
    const reason = String(labels['reason'] ?? '');
    sums.set(reason, (sums.get(reason) ?? 0) + value);
  }
  return sums;
}

/** What was taken back is no line of a document; what is refused again is counted as refused. */
const NO_DUPLICATES = new Set(['removed', 'removal_unknown', 'refused_before']);

/** Lines that came in and became no document. */
export async function linesLeftOut(metrics: Metrics): Promise<LinesLeftOut> {
  const total = async (name: string): Promise<number> => (await countsByReason(metrics, name, 'ingest')).get('') ?? 0;
  const skipped = await countsByReason(metrics, 'tidewatch_documents_skipped_total', 'ingest');
  const duplicates = [...skipped].reduce((sum, [reason, count]) => (NO_DUPLICATES.has(reason) ? sum : sum + count), 0);
  const came = await total('tidewatch_documents_in_total');
  return { refused: came - (await total('tidewatch_documents_out_total')) - duplicates, duplicates };
}
