/** The latest opinions: what was said, by whom, about whom, and how the model reads it. */
import { Fragment } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { OpinionRow } from '../contract.ts';
import type { Address } from './address.ts';
import { shortAuthor } from './author.ts';
import { CorrectionPanel, Corrections, QuickSentiment, useCorrection } from './correction.tsx';
import { fileName } from './download.ts';
import { csvFile, ExportButtons } from './export_buttons.tsx';
import { ExternalLink } from './external_link.tsx';
import { Filters } from './filters.tsx';
import { langOf, useInterface } from './i18n.ts';
import { isWholeList, newSince } from './last_seen.ts';
import { markSeen, useLastLook, useLooking } from './last_look.ts';
import { exportOpinions } from './opinion_export.ts';
import type { OpinionListControl } from './opinion_list.ts';
import { routeHref } from './route.ts';
import { SeenLine } from './seen_line.tsx';
import { SentimentBar } from './sentiment_bar.tsx';
import { Empty, Failed, Skeleton } from './states.tsx';
import { topicName } from './topics.ts';

interface OpinionsProps {
  readonly control: OpinionListControl;
  readonly address: Address;
  readonly sources: readonly string[];
  readonly now: number;
  change(change: Partial<Address>): void;
  /** Told whether the reader is in the list, so that it should hold still. */
  hold(held: boolean): void;
}

export function Opinions({ control, address, sources, now, change, hold }: OpinionsProps) {
  const { text, format } = useInterface();
  const { list } = control;
  const inside = useRef({ pointer: false, focus: false });
  const held = (part: 'pointer' | 'focus', value: boolean): void => {
    inside.current[part] = value;
    hold(inside.current.pointer || inside.current.focus);
  };
  const [newest = null] = list.rows;
  const isWhole = isWholeList(address);
  useLooking(isWhole ? newest : null);
  const look = useLastLook();
  const since = newSince(list.rows, look, list.cursor !== null);
  const filtered = [address.entity, address.topic, address.sentiment, address.language, address.source, address.q].some(
    Boolean,
  );
  return (
    <section class="card opinions" aria-labelledby="opinions-title">
      <header class="card-head">
        <h2 id="opinions-title">{text.opinions}</h2>
        {address.list_from !== null && address.list_to !== null && (
          <button
            type="button"
            class="chip picked"
            title={text.picked_clear}
            onClick={() => change({ list_from: null, list_to: null })}
          >
            {format.moment(address.list_from)} – {format.moment(address.list_to)} <span aria-hidden="true">×</span>
            <span class="visually-hidden">{text.picked_clear}</span>
          </button>
        )}
        <ExportButtons
          what={text.opinions}
          csv={async (told) => {
            const { csv, rows, cut, until } = await exportOpinions(address, (read) =>
              told(text.exporting(format.count(read))),
            );
            told(cut ? text.export_cut(format.count(rows)) : text.exported(format.count(rows)));
            return csvFile(fileName('opinions', until, 'csv'), csv);
          }}
        />
        <Filters address={address} sources={sources} change={change} />
      </header>
      <div class="waiting" role="status">
        {list.waiting.length > 0 && (
          <button type="button" class="pill" onClick={control.showWaiting}>
            {text.new_opinions(list.waiting.length)}
          </button>
        )}
      </div>
      {list.status === 'failed' && <Failed retry={control.reload} />}
      {list.status === 'loading' && <Skeleton lines={10} />}
      {list.status === 'ready' && list.rows.length === 0 && (
        <Empty>{filtered ? text.no_opinions : text.no_opinions_yet}</Empty>
      )}
      <ol
        class="opinion-list"
        onPointerEnter={(event) => held('pointer', event.pointerType === 'mouse')}
        onPointerLeave={() => held('pointer', false)}
        onFocusIn={() => held('focus', true)}
        onFocusOut={() => held('focus', false)}
      >
        {list.rows.map((row, index) => (
          <Fragment key={row.document_id}>
            <Opinion row={row} now={now} fresh={list.fresh.has(row.document_id)} change={change} />
            {index + 1 === since?.rows && look !== null && newest !== null && (
              <SeenLine since={since} look={look} now={now} mark={isWhole ? () => markSeen(newest) : null} />
            )}
          </Fragment>
        ))}
      </ol>
      {list.rows.length > 0 && (
        <footer class="card-foot">
          {list.cursor === null ? (
            <span class="muted small">{text.end_of_list}</span>
          ) : (
            <button type="button" class="text-button" onClick={control.loadEarlier}>
              {text.more}
            </button>
          )}
        </footer>
      )}
    </section>
  );
}

interface OpinionProps {
  readonly row: OpinionRow;
  readonly now: number;
  readonly fresh: boolean;
  change(change: Partial<Address>): void;
}

function Opinion({ row, now, fresh, change }: OpinionProps) {
  const { text, format, language } = useInterface();
  const lang = langOf(row.language);
  const [correcting, setCorrecting] = useState(false);
  const corrected = useCorrection(row, 'sentiment')?.value;
  const panel = `correct-${row.document_id}`;
  const title = row.title ?? row.text;
  return (
    <li class={`opinion ${fresh ? 'fresh' : ''}`} data-document={row.document_id} tabIndex={-1}>
      <time dateTime={row.published_at} title={format.full(row.published_at)}>
        {format.recent(row.published_at, now)}
      </time>
      <span class="sentiment-cell">
        <SentimentBar probabilities={row.probabilities} sentiment={row.sentiment} corrected={corrected} />
        <QuickSentiment row={row} />
      </span>
      <div class="opinion-body">
        {row.title !== null && (
          <p class="opinion-title">
            <ExternalLink url={row.url} lang={row.language}>
              {row.title}
            </ExternalLink>
          </p>
        )}
        {row.title === null ? (
          <p class="opinion-title plain">
            <ExternalLink url={row.url} lang={row.language}>
              {row.text}
            </ExternalLink>
          </p>
        ) : (
          row.text !== '' &&
          row.text !== row.title && (
            <p class="opinion-text" lang={lang}>
              {row.text}
            </p>
          )
        )}
        <Corrections row={row} />
      </div>
      <p class="opinion-labels">
        {row.entities.map((entity) => (
          <button type="button" key={entity.id} class="chip entity" onClick={() => change({ entity: entity.id })}>
            {entity.name[language]}
          </button>
        ))}
        <button type="button" class="chip" onClick={() => change({ topic: row.topic })}>
          {topicName(row.topic, language)}
        </button>
      </p>
      <p class="opinion-source">
        <span>{row.source}</span>
        {row.author !== null && row.author !== '' && (
          <span class="author" title={row.author}>
            {shortAuthor(row.author)}
          </span>
        )}
        {row.novelty < 50 && (
          <a class="copies more" href={routeHref('story', row.story)}>
            {text.copy_of_story}
          </a>
        )}
      </p>
      <p class="opinion-tools">
        <button
          type="button"
          class="chip correct-button"
          aria-expanded={correcting}
          aria-controls={correcting ? panel : undefined}
          aria-label={text.correct_of(title.slice(0, 80))}
          title={text.correct}
          onClick={() => setCorrecting(!correcting)}
        >
          <svg viewBox="0 0 16 16" width="12" height="12" class="icon" aria-hidden="true">
            <path d="M10.5 2.8l2.7 2.7L5.6 13l-3.2.6.6-3.2z" />
          </svg>
        </button>
        <a
          class="chip details-link"
          href={routeHref('document', row.document_id)}
          aria-label={text.why_label(title.slice(0, 80))}
          title={text.why_hint}
        >
          {text.why}
        </a>
      </p>
      {correcting && <CorrectionPanel row={row} id={panel} />}
    </li>
  );
}
