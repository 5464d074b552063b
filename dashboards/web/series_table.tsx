/** A table of entities or topics. A row's button selects its series and so filters the whole page; again clears it. */
import type { SeriesAnswer, SeriesRow } from '../contract.ts';
import type { Address, SortName } from './address.ts';
import { rememberNames } from './entity_names.ts';
import { useInterface, type InterfaceLanguage } from './i18n.ts';
import type { Remote } from './remote.ts';
import { routeHref } from './route.ts';
import { changeOfShare, tendency } from './shares.ts';
import { Sparkline } from './sparkline.tsx';
import { Empty, Failed, Skeleton } from './states.tsx';
import { topicName } from './topics.ts';

type Column = SortName | 'documents';
const SHORT_LENGTH = 8;

interface SeriesTableProps {
  readonly kind: 'entity' | 'topic';
  readonly series: Remote<SeriesAnswer>;
  readonly selected: string | null;
  /** Holds what the table is ordered by and whether it shows all. */
  readonly address: Address;
  change(change: Partial<Address>): void;
  select(id: string | null): void;
  retry(): void;
}

export function SeriesTable({ kind, series, selected, address, change, select, retry }: SeriesTableProps) {
  const { text, language } = useInterface();
  const column: Column = address[`${kind}_sort`] ?? 'documents';
  const setColumn = (next: Column): void => change({ [`${kind}_sort`]: next === 'documents' ? null : next });
  const all = showsAll(address.all, kind);
  const title = kind === 'entity' ? text.entities : text.topics;
  if (kind === 'entity') rememberNames(series.answer?.series ?? []);
  const rows = [...(series.answer?.series ?? [])].sort(order(column, language));
  const shown = all ? rows : rows.filter((row, index) => index < SHORT_LENGTH || row.id === selected);
  const heading = (key: Column, label: string, hint?: string) => (
    <th scope="col" class={key} aria-sort={column === key ? (key === 'name' ? 'ascending' : 'descending') : undefined}>
      <button type="button" onClick={() => setColumn(key)} title={hint ?? text.sort_by(label)}>
        {label}
      </button>
    </th>
  );
  return (
    <section class={`card ${kind}-table`} aria-labelledby={`${kind}-title`}>
      <header class="card-head">
        <h2 id={`${kind}-title`}>{title}</h2>
        {rows.length > SHORT_LENGTH && (
          <button
            type="button"
            class="text-button"
            aria-expanded={all}
            onClick={() => change({ all: withAll(address.all, kind, !all) })}
          >
            {all ? text.show_fewer : text.show_all(rows.length)}
          </button>
        )}
      </header>
      {series.answer === null && series.failed && <Failed retry={retry} />}
      {series.answer === null && !series.failed && <Skeleton lines={SHORT_LENGTH} />}
      {series.answer !== null && rows.length === 0 && <Empty>{text.no_series}</Empty>}
      {rows.length > 0 && (
        <table class="series">
          <thead>
            <tr>
              {heading('name', text.name)}
              {heading('documents', text.documents_short, text.documents)}
              {heading('share', text.negative, text.negative_share)}
              {heading('change', text.change, text.change_hint)}
              <th scope="col" class="trend">
                {text.trend}
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <Row
                key={row.id}
                row={row}
                kind={kind}
                name={nameOf(row, kind, language)}
                selected={row.id === selected}
                select={select}
              />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

interface RowProps {
  readonly row: SeriesRow;
  readonly kind: 'entity' | 'topic';
  readonly name: string;
  readonly selected: boolean;
  select(id: string | null): void;
}

function Row({ row, kind, name, selected, select }: RowProps) {
  const { text, format } = useInterface();
  const change = changeOfShare(row, row.previous);
  return (
    <tr class={selected ? 'selected' : ''}>
      <th scope="row" class="name">
        <span class="series-name">
          <button type="button" aria-pressed={selected} title={name} onClick={() => select(selected ? null : row.id)}>
            {name}
          </button>
          {row.firing > 0 && (
            <span class="firing-dot" title={text.state_firing}>
              <span class="visually-hidden">{text.state_firing}</span>
            </span>
          )}
          <a
            class="open-series"
            href={routeHref(kind, row.id)}
            aria-label={text.open_page_of(name)}
            title={text.open_page}
          >
            <span aria-hidden="true">›</span>
          </a>
        </span>
      </th>
      <td class="documents">{format.short(row.documents)}</td>
      <td class="share">
        <span class="share-bar" aria-hidden="true">
          <i style={{ width: `${row.negative_share * 100}%` }} />
        </span>
        <span class="share-value">{format.share(row.negative_share)}</span>
      </td>
      <td class={`change ${tendency(change)}`}>
        {change === null ? (
          <span class="muted">{row.previous.documents === 0 ? text.new_series : '–'}</span>
        ) : (
          format.points(change)
        )}
      </td>
      <td class="trend">
        <Sparkline {...row.sparkline} />
      </td>
    </tr>
  );
}

function showsAll(all: Address['all'], kind: 'entity' | 'topic'): boolean {
  return all === kind || all === 'both';
}

function withAll(all: Address['all'], kind: 'entity' | 'topic', wanted: boolean): Address['all'] {
  const other = kind === 'entity' ? 'topic' : 'entity';
  const both = showsAll(all, other);
  return wanted ? (both ? 'both' : kind) : both ? other : null;
}

function nameOf(row: SeriesRow, kind: 'entity' | 'topic', language: InterfaceLanguage): string {
  return kind === 'topic' ? topicName(row.id, language) : row.name[language];
}

function order(column: Column, language: InterfaceLanguage): (a: SeriesRow, b: SeriesRow) => number {
  if (column === 'name') return (a, b) => a.name[language].localeCompare(b.name[language], language);
  const value = {
    documents: (row: SeriesRow) => row.documents,
    share: (row: SeriesRow) => row.negative_share,
    change: (row: SeriesRow) => changeOfShare(row, row.previous) ?? -Infinity,
  }[column];
  return (a, b) => value(b) - value(a) || b.documents - a.documents;
}
