/**
 * The alerting core on one core: time and memory of a tick over many live series, how both grow with the series, and how
 * many opinions a minute go through the windows. Run: `node --expose-gc --import tsx bench/alerting_speed.ts [--series N]`.
 * Opinions are made beforehand, so that their making is not measured; the stage around the core (stream, checkpoint) is not
 * part of it.
 */
import { createSurge, surge } from '../alerting/detectors/surge.ts';
import { alertingSettings, rulesOf } from '../alerting/settings.ts';
import { createWatch } from '../alerting/watch.ts';
import { isoTime, SCHEMA_VERSION, type Opinion } from '../core/event.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 2, 2);
/** Hours of history before the ticks that are timed: feeds count after four days. */
const WARM_HOURS = 5 * 24;
const TIMED_HOURS = 6;

const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(name);
  return at === -1 ? undefined : process.argv[at + 1];
};

function opinionAt(index: number, time: number, entity: string, topic: string, negative: boolean): Opinion {
  const probability = negative ? 0.9 : 0.05 + (index % 10) / 100;
  return {
    schema_version: SCHEMA_VERSION,
    document: {
      schema_version: SCHEMA_VERSION,
      id: `d${index}`,
      source: `outlet${index % 200}`,
      feed: `feed${index % 8}`,
      source_class: index % 2 === 0 ? 'news' : 'social',
      author: `author${index % 20_011}`,
      url: `https://example.com/${index}`,
      title: `Title of document ${index} about ${entity}`,
      text: 'Text.',
      language: index % 4 === 0 ? 'zh' : 'en',
      published_at: isoTime(time),
      published_at_estimated: false,
      published_at_mark: 'stated',
      fetched_at: isoTime(time),
      links: [],
      cashtags: [],
      entities: [{ id: entity, surface: entity, relevance: 100 }],
      story: `s${index}`,
      novelty: 100,
      repost_of: null,
      coordinated: 0,
    },
    sentiment: negative ? 'negative' : 'neutral',
    sentiment_probabilities: { negative: probability, neutral: (1 - probability) / 2, positive: (1 - probability) / 2 },
    topic,
    topic_probabilities: {},
    topics_zh: [],
    event: null,
    event_probability: null,
    entity_sentiments: [],
    confidence: 0.8,
    model: 'made@1',
    labelled_at: isoTime(time),
  };
}

function newWatch() {
  const rules = rulesOf(alertingSettings.parse({}), 'global', []);
  const watch = createWatch(rules, [createSurge('surge', surge.settings.parse({}))], ({ entity, topic }) => ({
    en: entity ?? topic ?? '',
    zh: entity ?? topic ?? '',
  }));
  return watch;
}

/** Milliseconds of processor time of this process, collector included: other work on the machine does not count. */
const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const heap = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
};

/** So many live series: half of them entities, half entities within a topic, each spoken of once in two hours on average. */
function ticks(series: number): void {
  const before = heap();
  const watch = newWatch();
  const entities = Math.floor(series / 2);
  const perHour = Math.ceil(entities / 2);
  let index = 0;
  let [taking, closing, slowest] = [0, 0, 0];
  for (let hour = 0; hour < WARM_HOURS + TIMED_HOURS; hour += 1) {
    const timed = hour >= WARM_HOURS;
    const batch: Opinion[] = [];
    // Days back it is quiet: they only make the feeds known. The last window before the timed hours is full.
    const count = hour < WARM_HOURS - 8 ? Math.ceil(perHour / 25) : perHour;
    for (let each = 0; each < count; each += 1, index += 1) {
      const entity = (index * 7919) % entities;
      const time = START + hour * HOUR + Math.floor((each / count) * HOUR);
      // One entity's topic is always the same, so the number of series stays; one story in eight is negative.
      batch.push(opinionAt(index, time, `e${entity}`, `t${entity % 20}`, (index * 31) % 8 === 0));
    }
    const started = cpu();
    for (const opinion of batch) watch.take(opinion);
    const taken = cpu();
    watch.advance(START + (hour + 1) * HOUR);
    const done = cpu();
    if (!timed) continue;
    taking += taken - started;
    closing += done - taken;
    slowest = Math.max(slowest, done - taken);
  }
  const bytes = heap() - before;
  const opinions = perHour * TIMED_HOURS;
  console.log(
    JSON.stringify({
      series: watch.state.records.size,
      opinions_an_hour: perHour,
      tick_ms: Math.round(closing / TIMED_HOURS),
      slowest_tick_ms: Math.round(slowest),
      take_us_an_opinion: Number(((taking * 1000) / opinions).toFixed(1)),
      memory_mb: Math.round(bytes / 1e6),
      bytes_a_series: Math.round(bytes / watch.state.records.size),
    }),
  );
}

/** One million opinions of one minute, on 2,000 entities, through windows of 8 hours; they come after six quiet days. */
function flood(): void {
  const watch = newWatch();
  let index = 0;
  for (let hour = 0; hour < WARM_HOURS; hour += 1) {
    for (let each = 0; each < 200; each += 1, index += 1) {
      watch.take(
        opinionAt(index, START + hour * HOUR + each * 1000, `e${index % 2000}`, `t${index % 20}`, index % 8 === 0),
      );
    }
    watch.advance(START + (hour + 1) * HOUR);
  }
  const [count, at] = [1_000_000, START + WARM_HOURS * HOUR];
  const before = heap();
  let milliseconds = 0;
  for (let made = 0; made < count; made += 50_000) {
    const batch: Opinion[] = [];
    for (let each = 0; each < 50_000; each += 1, index += 1) {
      const time = at + Math.floor(((made + each) / count) * 60_000);
      batch.push(opinionAt(index, time, `e${(index * 7919) % 2000}`, `t${index % 20}`, index % 8 === 0));
    }
    const started = cpu();
    for (const opinion of batch) watch.take(opinion);
    milliseconds += cpu() - started;
  }
  const closing = cpu();
  watch.advance(at + HOUR);
  const closed = cpu() - closing;
  console.log(
    JSON.stringify({
      opinions: count,
      take_seconds: Number((milliseconds / 1000).toFixed(1)),
      close_seconds: Number((closed / 1000).toFixed(1)),
      opinions_a_minute: Math.round((count / (milliseconds + closed)) * 60_000),
      memory_mb: Math.round((heap() - before) / 1e6),
    }),
  );
}

const only = option('--series');
if (only === 'flood') flood();
else if (only === undefined) {
  for (const series of [1000, 10_000, 100_000]) ticks(series);
  flood();
} else ticks(Number(only));
