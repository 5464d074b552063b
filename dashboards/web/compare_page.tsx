/**
 * Companies beside each other, at #/compare?entities=A,B,C: their negative shares as lines with their names at the ends, then
 * each by itself on the same scale, then the figures as a table. Lines alone hide who has how much behind them, panels alone
 * make one compare by memory.
 */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { queryOf, spanQuery, stepSecs, type Address } from './address.ts';
import { createCompareChart, type CompareChart } from './compare_chart.ts';
import { useTimelines, type Compared } from './compared.ts';
import { csvOf } from './csv.ts';
import { fileName } from './download.ts';
import { EntityPicker } from './entity_picker.tsx';
import { nameOfEntity } from './entity_names.ts';
import { csvFile, ExportButtons } from './export_buttons.tsx';
import { useInterface } from './i18n.ts';
import { pictureOf } from './picture.ts';
import { routeHref } from './route.ts';
import { changeOfShare, smoothShares, tendency } from './shares.ts';
import { SmallMultiple, SeriesKey } from './small_multiple.tsx';
import { Empty, Failed, Skeleton } from './states.tsx';
import { Page } from './view.tsx';

const MOST_COMPARED = 6;
/** Fewer than on a page of its own: six lines are to be followed by eye. */
const STEPS = 30;

/** Ids of an address such as a,b,c: each once, at most six. */
export function comparedIds(named: string): string[] {
  return [...new Set(named.split(',').filter((id) => id !== ''))].slice(0, MOST_COMPARED);
}

interface ComparePageProps {
  readonly named: string;
  readonly address: Address;
  readonly version: number;
  readonly themeVersion: string;
  change(change: Partial<Address>): void;
  refresh(): void;
}

export function ComparePage({ named, address, version, themeVersion, change, refresh }: ComparePageProps) {
  const { text, language } = useInterface();
  const ids = useMemo(() => comparedIds(named), [named]);
  const span = `${queryOf(spanQuery(address))}&step_secs=${stepSecs(address, STEPS)}`;
  const { compared, failed } = useTimelines(ids, span, version);
  const show = (next: readonly string[]): void => {
    location.hash = routeHref('compare', next.join(','));
  };
  const nameOf = (id: string): string => nameOfEntity(id, language);
  // The names come with the first answer: chips that change their width would push the rest about.
  const waiting = ids.length > 0 && compared.length === 0 && !failed;
  return (
    <Page title={text.compare_title}>
      {!waiting && (
        <section class="card view-head compare-choice">
          <p class="muted small">{text.compare_intro}</p>
          <ul class="compare-chosen">
            {ids.map((id, index) => (
              <li key={id} class="chip-like">
                <SeriesKey index={index} />
                <a class="link" href={routeHref('entity', id)}>
                  {nameOf(id)}
                </a>
                <button
                  type="button"
                  aria-label={text.compare_remove(nameOf(id))}
                  title={text.compare_remove(nameOf(id))}
                  onClick={() => show(ids.filter((one) => one !== id))}
                >
                  <span aria-hidden="true">×</span>
                </button>
              </li>
            ))}
            <li>
              {ids.length < MOST_COMPARED ? (
                <EntityPicker label={text.compare_add} without={ids} choose={(id) => show([...ids, id])} />
              ) : (
                <span class="muted small">{text.compare_full}</span>
              )}
            </li>
          </ul>
        </section>
      )}
      {ids.length === 0 && (
        <section class="card view-head tall">
          <Empty>{text.compare_none}</Empty>
        </section>
      )}
      {waiting && (
        <section class="card view-head tall">
          <Skeleton lines={14} />
        </section>
      )}
      {failed && compared.length === 0 && (
        <section class="card view-head tall">
          <Failed retry={refresh} />
        </section>
      )}
      {ids.length > 0 && compared.length > 0 && (
        <>
          <Lines
            compared={compared}
            nameOf={nameOf}
            themeVersion={themeVersion}
            zoom={(from, to) => change({ from, to })}
          />
          <Panels compared={compared} nameOf={nameOf} />
          <Figures compared={compared} nameOf={nameOf} />
        </>
      )}
    </Page>
  );
}

interface PartProps {
  readonly compared: readonly Compared[];
  nameOf(id: string): string;
}

function Lines({
  compared,
  nameOf,
  themeVersion,
  zoom,
}: PartProps & { themeVersion: string; zoom(from: string, to: string): void }) {
  const { text, format, language } = useInterface();
  const container = useRef<HTMLDivElement>(null);
  const chart = useRef<CompareChart | null>(null);
  const latest = useRef(zoom);
  latest.current = zoom;
  const names = compared.map(({ id }) => nameOf(id));
  useEffect(() => {
    if (container.current === null) return undefined;
    const drawn = createCompareChart(container.current, names, format, (from, to) =>
      latest.current(new Date(from * 1000).toISOString(), new Date(to * 1000).toISOString()),
    );
    chart.current = drawn;
    return () => drawn.destroy();
  }, [names.join('\n'), language, themeVersion]);
  useEffect(
    () => chart.current?.show(compared.map(({ timeline }) => timeline)),
    [compared, names.join('\n'), language, themeVersion],
  );
  const until = compared[0]?.timeline.to ?? '';
  const head = ['start', 'entity', 'documents', 'negative', 'smoothed_share', 'usual_low', 'usual_high'];
  const rows = compared.flatMap(({ id, timeline }) => {
    const shares = smoothShares(timeline.buckets);
    return timeline.buckets.map((bucket, index) => [
      bucket.at,
      id,
      bucket.documents,
      bucket.negative,
      ...[shares[index], bucket.usual?.low, bucket.usual?.high].map((share) =>
        share === undefined || share === null ? null : Math.round(share * 10_000) / 10_000,
      ),
    ]);
  });
  return (
    <section class="card view-head" aria-labelledby="compare-lines">
      <header class="card-head">
        <h3 id="compare-lines">{text.compare_lines}</h3>
        <ExportButtons
          what={text.compare_title}
          csv={() => Promise.resolve(csvFile(fileName('compare', until, 'csv'), csvOf(head, rows)))}
          png={async () => {
            if (container.current === null) return null;
            const content = await pictureOf(container.current, names.join(' · '), `${text.compare_lines} · Tidewatch`);
            return content === null ? null : { name: fileName('compare', until, 'png'), content };
          }}
        />
      </header>
      <div ref={container} class="compare-canvas" role="img" aria-label={text.compare_chart(names.join(', '))} />
    </section>
  );
}

function Panels({ compared, nameOf }: PartProps) {
  const { text, format } = useInterface();
  const most = Math.max(4, ...compared.flatMap(({ timeline }) => timeline.buckets.map(({ documents }) => documents)));
  return (
    <section class="card view-head" aria-labelledby="compare-each">
      <header class="card-head">
        <h3 id="compare-each">{text.compare_each}</h3>
        <span class="muted small">{text.most_documents(format.count(most))}</span>
      </header>
      <ul class="multiples">
        {compared.map(({ id, timeline }, index) => (
          <li key={id}>
            <SmallMultiple name={nameOf(id)} index={index} timeline={timeline} most={most} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Figures({ compared, nameOf }: PartProps) {
  const { text, format } = useInterface();
  return (
    <section class="card view-head">
      <table class="figures-table">
        <thead>
          <tr>
            <th scope="col">{text.name}</th>
            <th scope="col">{text.documents}</th>
            <th scope="col">{text.negative_share}</th>
            <th scope="col">{text.change}</th>
          </tr>
        </thead>
        <tbody>
          {compared.map(({ id, timeline: { totals, previous } }, index) => {
            const change = changeOfShare(totals, previous);
            return (
              <tr key={id}>
                <th scope="row">
                  <SeriesKey index={index} />
                  <a class="link" href={routeHref('entity', id)}>
                    {nameOf(id)}
                  </a>
                </th>
                <td>{format.count(totals.documents)}</td>
                <td>{totals.documents === 0 ? '–' : format.share(totals.negative / totals.documents)}</td>
                <td class={tendency(change)}>{change === null ? '–' : format.points(change)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
