/** The English words of a notification. */
import type { Alert } from '../../core/event.ts';
import { EVENT_NAMES_EN } from '../../core/event_names.ts';
import { lengthOf, percent, type Fact, type Template } from '../template.ts';

const STATES = { pending: 'Pending', firing: 'Firing', resolved: 'Resolved' } as const;
const ICONS = { pending: '◌', firing: '▲', resolved: '✓' } as const;

function facts(alert: Alert): Fact[] {
  const { evidence, resolution, q_value } = alert;
  const found: Fact[] = [];
  const add = (label: string, value: string): void => void found.push({ label, value });
  if (resolution !== null) {
    add('Ended by', `${resolution.by}${resolution.note === '' ? '' : `: ${resolution.note}`}`);
  }
  if (alert.state === 'resolved') {
    add('Lasted', duration(Date.parse(alert.at) - Date.parse(alert.started_at)));
    return found;
  }
  if (alert.series.kind === 'source') return found;
  add('Negative share', `${percent(alert.observed_share)} (usual ${percent(alert.expected_share)})`);
  add('Behind it', `${alert.story_count} stories, ${alert.author_count} authors, ${alert.document_count} documents`);
  add('Score', `${alert.score.toFixed(1)}${q_value === null ? '' : ` (q = ${q_value.toPrecision(1)})`}`);
  add('Since', `${alert.started_at.slice(0, 16).replace('T', ' ')} UTC`);
  if (evidence === null) return found;
  if (evidence.words.length > 0)
    add(
      'Words',
      evidence.words
        .slice(0, 8)
        .map(({ word }) => word)
        .join(', '),
    );
  if (evidence.events.length > 0) {
    add(
      'Events',
      evidence.events
        .slice(0, 3)
        .map(({ event, stories }) => `${EVENT_NAMES_EN[event] ?? event} (${stories})`)
        .join(', '),
    );
  }
  if (evidence.topics.length > 0) {
    add(
      'Topics',
      evidence.topics
        .slice(0, 3)
        .map(({ topic, stories }) => `${topic} (${stories})`)
        .join(', '),
    );
  }
  if (evidence.authors.top.length > 0) {
    add(
      'Loudest authors',
      `${evidence.authors.top.length} wrote ${percent(evidence.authors.top_share)} of the documents`,
    );
  }
  add('Sureness of labels', `${percent(evidence.certainty.mean_confidence)} on average`);
  return found;
}

function duration(ms: number): string {
  const { count, unit } = lengthOf(ms);
  return `${count} ${{ minutes: 'min', hours: 'h', days: 'days' }[unit]}`;
}

export const english: Template = {
  language: 'en',
  headline: ({ state, severity, name }) => `${ICONS[state]} ${state === 'firing' ? severity : STATES[state]}: ${name}`,
  summary: (alert) => alert.summary.en,
  facts,
  copies: (count) => `+${count} ${count === 1 ? 'copy' : 'copies'}`,
  stories: 'Stories',
  page: 'Open on the page',
  others: (count, of) => `and ${count} more of ${of === 'incident' ? 'the same incident' : 'this group'}`,
  goesOn: 'still going on',
  past: ({ severity }) => `was ${severity}; fired and ended before it could be told`,
  chart: (measure) => `${measure === 'stories' ? 'All' : 'Negative'} stories against what was expected`,
};
