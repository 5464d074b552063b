/**
 * An alert's figures in the words of what it counts: negative stories, stories of any kind, or a share. The alert of a source counts
 * nothing, and its zeros would read as good news: its summary stands in their place.
 */
import type { AlertRow } from '../contract.ts';
import { AlertRange } from './alert_range.tsx';
import { useInterface } from './i18n.ts';

export function isOfSource({ series }: AlertRow): boolean {
  return series.kind === 'source';
}

/** Where more is told of a source than its alert knows. */
export function SourcesLink() {
  const { text } = useInterface();
  return (
    <a class="text-button" href="#/sources">
      {text.sources_page}
    </a>
  );
}

/** How numbers of this alert are written: alone, and with what they count. */
export function useFigures({ measure }: AlertRow): { figure(value: number): string; counted(value: number): string } {
  const { text, format } = useInterface();
  const figure = (value: number): string => (measure === 'share' ? format.share(value / 100) : format.decimal(value));
  return { figure, counted: (value) => text[`measure_${measure}`](figure(value)) };
}

/** What was counted beside what was expected, as a picture and in words. */
export function AlertFigures({ alert }: { alert: AlertRow }) {
  const { text, language } = useInterface();
  const { figure, counted } = useFigures(alert);
  if (isOfSource(alert)) return <span class="alert-figures">{alert.summary[language]}</span>;
  const { expected, interval } = alert;
  return (
    <>
      <AlertRange alert={alert} />
      <span class="alert-figures">
        <b title={alert.measure === 'share' ? undefined : text[`counted_${alert.measure}`]}>
          {counted(alert.observed)}
        </b>{' '}
        · {text.expected_range(figure(expected), figure(interval.low), figure(interval.high))}
      </span>
    </>
  );
}
