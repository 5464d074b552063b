/** Entity: one company. How much is said, how bad it is, what was expected, which stories, which alerts. */
import { StackingMode } from '@grafana/grafana-foundation-sdk/common';
import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { dashboard } from './dashboard.ts';
import { band, figure, numbered, sentimentBars, table, variable } from './panels.ts';
import { COUNTED, countedShareWithBand, detectorBand, LIVES, loudest } from './sql.ts';

const OF = 'has(entities, ${entity:sqlstring})';
const IN_RANGE = `$__timeFilter(published_at) AND ${OF}`;

export function entity(): DashboardBuilder {
  const page = dashboard(
    'tidewatch-entity',
    'Entity',
    'One company: volume, negative share, expected band, stories, alerts.',
    'entity = ${entity:sqlstring}',
  ).withVariable(variable('entity', 'Entity', loudest('entity', 500), false));
  const panels = [
    figure(
      { title: 'Opinions', description: 'Labelled documents that name it.' },
      `SELECT count() AS opinions FROM opinions WHERE ${IN_RANGE}`,
    ),
    figure(
      { title: 'Negative stories', description: 'A copied story counts once.' },
      `SELECT uniqExactIf(story, sentiment = 'negative') AS stories FROM opinions WHERE ${IN_RANGE}`,
    ),
    figure(
      { title: 'Negative share', description: 'In percent of its opinions.' },
      `SELECT 100 * countIf(sentiment = 'negative') / nullIf(count(), 0) AS negative FROM opinions WHERE ${IN_RANGE}`,
    ).unit('percent'),
    figure(
      { title: 'Alerts fired', description: 'That first fired in this range.' },
      `SELECT count() AS alerts FROM (${LIVES}) WHERE has_fired AND of_entity = \${entity:sqlstring} AND $__timeFilter(fired)`,
    ),
    sentimentBars(
      { title: 'Volume by sentiment', description: 'Opinions that name it.' },
      `SELECT $__timeInterval(at) AS time, sum(negatives) AS negative, sum(neutrals) AS neutral, sum(positives) AS positive
FROM ${COUNTED} WHERE dimension = 'entity' AND member = \${entity:sqlstring} AND $__timeFilter(at) GROUP BY time ORDER BY time`,
      StackingMode.Normal,
    ),
    band(
      {
        title: 'Negative share',
        description: 'With the share of the seven days before (dashed) and two standard errors around it.',
      },
      countedShareWithBand('entity', 'member = ${entity:sqlstring}'),
    ).unit('percent'),
    band(
      {
        title: 'Negative stories against the expected band',
        description:
          'As the detector judged it whose score is highest in this range: observed, expected, and the interval that chance fills. Only windows that could fire were judged.',
      },
      detectorBand("series_kind = 'entity' AND entity = ${entity:sqlstring}")
        .replace('time, series, ', 'time, ')
        .replace('GROUP BY time, series ORDER BY time, series', 'GROUP BY time ORDER BY time'),
      { span: 24, height: 9 },
    ),
    table(
      {
        title: 'Stories',
        description:
          'The largest of this range; near-copies are one story. In percent: how negative the model found it on average.',
      },
      `SELECT argMin(if(title = '', substringUTF8(text, 1, 200), title), published_at) AS story_title, count() AS documents,
  uniqExact(source) AS sources, 100 * avg(negative) AS negative_percent, min(published_at) AS first_seen, argMin(url, published_at) AS link
FROM opinions WHERE ${IN_RANGE} GROUP BY story ORDER BY documents DESC, negative_percent DESC, story LIMIT 50`,
      { span: 24, height: 10 },
    )
      .overrideByName('negative_percent', [{ id: 'unit', value: 'percent' }])
      .overrideByName('link', [
        { id: 'links', value: [{ title: 'The first of them', url: '${__value.raw}', targetBlank: true }] },
      ]),
    table(
      { title: 'Alerts', description: 'Its alerts in this range and how they ended.' },
      `SELECT started, fired, resolved, last_state, last_severity, by_detector, top_score, stories FROM (${LIVES})
WHERE of_entity = \${entity:sqlstring} AND $__timeFilter(started) ORDER BY started DESC LIMIT 100`,
      { span: 24, height: 8 },
    ),
  ];
  for (const panel of numbered(panels)) page.withPanel(panel);
  return page;
}
