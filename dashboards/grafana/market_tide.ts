/** Market tide: what is said, by topic, language and source, against what was usual. */
import { StackingMode } from '@grafana/grafana-foundation-sdk/common';
import { RowBuilder, type DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { dashboard } from './dashboard.ts';
import { TO_ENTITY } from './looks.ts';
import { band, lines, numbered, sentimentBars, table, variable } from './panels.ts';
import { CHOSEN, countedShareWithBand, detectorBand, loudest, shareWithBand } from './sql.ts';

/** As many lines as can be told apart; a repeated panel does not fill a page of its own. */
const MOST = 12;

const shareBy = (column: string, among = ''): string => `
SELECT $__timeInterval(published_at) AS time, ${column}, 100 * countIf(sentiment = 'negative') / count() AS negative
FROM opinions WHERE ${CHOSEN}${among} GROUP BY time, ${column} ORDER BY time, ${column}`;

/** A desk reads hundreds of outlets: a line for each would be more rows than an answer may have. */
const LOUDEST_SOURCES = `
  AND source IN (SELECT source FROM opinions WHERE ${CHOSEN} GROUP BY source ORDER BY count() DESC, source LIMIT ${MOST})`;

const BAND =
  'Negative share, the share of the seven days before (dashed), and two standard errors around it at that many opinions.';

export function marketTide(): DashboardBuilder {
  const page = dashboard('tidewatch-market-tide', 'Market tide', 'Sentiment by topic, language and source.')
    .withVariable(variable('topic', 'Topic', loudest('topic', MOST), true))
    .withVariable(variable('language', 'Language', loudest('language', MOST), true))
    .withVariable(variable('source', 'Source', loudest('source', MOST), true));
  const volume = sentimentBars(
    {
      title: 'Opinions by sentiment',
      description: 'How many documents were labelled, by sentiment and time of publication.',
    },
    `SELECT $__timeInterval(published_at) AS time, sentiment, count() AS opinions
FROM opinions WHERE ${CHOSEN} GROUP BY time, sentiment ORDER BY time, sentiment`,
    StackingMode.Normal,
  );
  const whole = band(
    { title: 'Negative share, all that is chosen', description: BAND },
    shareWithBand(withoutTime(CHOSEN)),
  );
  const ofTopics = lines(
    { title: 'Negative share by topic', description: 'In percent of the opinions of each topic.' },
    shareBy('topic'),
  ).unit('percent');
  const ofLanguages = lines(
    { title: 'Negative share by language', description: 'In percent of the opinions in each language.' },
    shareBy('language'),
  ).unit('percent');
  const ofSources = lines(
    {
      title: 'Negative share by source',
      description: `In percent of the opinions of each source: the ${MOST} of which most was published in this range.`,
    },
    shareBy('source', LOUDEST_SOURCES),
  ).unit('percent');
  const judged = table(
    {
      title: 'Series furthest from usual',
      description:
        'As each detector judged them last in this range: observed and expected negative stories of its window, score, q-value.',
    },
    `SELECT series, detector, any(entity) AS company, argMax(observed, window_end) AS observed_now, argMax(expected, window_end) AS usual,
  argMax(score, window_end) AS last_score, tupleElement(argMax(tuple(q_value), window_end), 1) AS q, max(window_end) AS judged_at
FROM findings WHERE $__timeFilter(window_end) AND measure = 'negative'
GROUP BY series, detector ORDER BY last_score DESC, series, detector LIMIT 30`,
  ).overrideByName('company', TO_ENTITY);
  const size = { span: 6, height: 7 };
  const repeated = (['topic', 'language', 'source'] as const).map((name) =>
    band(
      { title: `$${name}`, description: BAND },
      countedShareWithBand(name, `member IN (\${${name}:sqlstring})`),
      size,
    )
      .unit('percent')
      .repeat(name)
      .repeatDirection('h')
      .maxPerRow(4),
  );
  const detected = lines(
    {
      title: 'Topics, languages and classes of sources as the detectors judged them',
      description:
        'Negative stories of a window and the interval that chance fills, with seasons; of each series by the detector whose score is highest in this range. Only windows that could fire were judged.',
    },
    detectorBand(`series_kind IN ('topic', 'language', 'source_class')`),
    { span: 24, height: 8 },
  );
  const all = numbered([
    volume,
    whole.unit('percent'),
    ofTopics,
    ofLanguages,
    ofSources,
    judged,
    detected,
    ...repeated,
  ]);
  for (const panel of all.slice(0, 7)) page.withPanel(panel);
  all.slice(7).forEach((panel, index) => {
    const name = ['topic', 'language', 'source'][index] ?? '';
    page.withRow(new RowBuilder(`Each ${name} against its own band`).id(101 + index)).withPanel(panel);
  });
  return page;
}

/** The band reads seven days more than the page shows. */
function withoutTime(condition: string): string {
  return condition.replace('$__timeFilter(published_at)\n  AND ', '');
}
