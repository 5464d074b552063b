/** Which alerts the tide chart marks, and where: those that were open at any time of its span, also from before it. */
import type { AlertRow, TimelineAnswer } from '../contract.ts';
import type { TideMark } from './tide_drawing.ts';

interface AlertMark extends TideMark {
  readonly alert: AlertRow;
  /** Where its flag stands, as a part of the chart's width: at its start, or at the edge where it began before. */
  readonly left: number;
}

export function marksWithin(
  alerts: readonly AlertRow[],
  { from, to }: Pick<TimelineAnswer, 'from' | 'to'>,
): AlertMark[] {
  const start = Date.parse(from) / 1000;
  const end = Date.parse(to) / 1000;
  return alerts
    .filter((alert) => alert.state !== 'pending')
    .map((alert) => {
      const began = Date.parse(alert.started_at) / 1000;
      const ended = alert.state === 'resolved' ? Date.parse(alert.at) / 1000 : end;
      return {
        alert,
        from: began,
        to: Math.min(ended, end),
        firing: alert.state === 'firing',
        left: Math.max(0, (began - start) / (end - start)),
      };
    })
    .filter((mark) => mark.to > start && mark.from < end);
}
