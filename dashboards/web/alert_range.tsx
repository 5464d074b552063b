/** Observed against expected at a glance: the usual range as a band, the expected as a tick, the observed as a dot. */
import type { AlertRow } from '../contract.ts';
import type { InterfaceLanguage } from './i18n.ts';
import { topicName } from './topics.ts';

export function AlertRange({ alert }: { alert: AlertRow }) {
  const most = Math.max(alert.observed, alert.interval.high, 1) * 1.04;
  const at = (value: number): string => `${(Math.max(0, value) / most) * 100}%`;
  return (
    <span class="range" aria-hidden="true">
      <i
        class="usual"
        style={{ left: at(alert.interval.low), width: at(alert.interval.high - Math.max(0, alert.interval.low)) }}
      />
      <i
        class="excess"
        style={{ left: at(alert.interval.high), width: at(Math.max(0, alert.observed - alert.interval.high)) }}
      />
      <i class="expected" style={{ left: at(alert.expected) }} />
      <i class="observed" style={{ left: at(alert.observed) }} />
    </span>
  );
}

/** What the alert is about, in the reader's language. */
export function alertName(alert: AlertRow, language: InterfaceLanguage): string {
  return alert.series.kind === 'topic' ? topicName(alert.name, language) : alert.names[language];
}
