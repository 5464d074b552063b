/** Live events of the API: to every reader once, again behind Last-Event-ID, and an end that nobody waits for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { isoTime, type Opinion } from '../../core/event.ts';
import { alertRow, opinionRow } from '../../core/store/rows.ts';
import type { StatusAnswer } from '../../dashboards/contract.ts';
import { END, startApi, type ApiServer } from './api_server.ts';
import { sampleAlerts } from './sample.ts';

let api: ApiServer;

beforeAll(async () => {
  api = await startApi();
}, 120_000);
afterAll(() => api.close());

describe('live events', () => {
  async function* events(response: Response): AsyncGenerator<{ id: string; event: string; data: unknown }> {
    const decoder = new TextDecoder();
    let buffer = '';
    for await (const chunk of response.body ?? []) {
      buffer += decoder.decode(chunk as Uint8Array, { stream: true });
      let end: number;
      while ((end = buffer.indexOf('\n\n')) >= 0) {
        const fields = Object.fromEntries(
          buffer
            .slice(0, end)
            .split('\n')
            .map((line) => [line.split(': ')[0], line.slice(line.indexOf(': ') + 2)]),
        );
        buffer = buffer.slice(end + 2);
        if (fields['event'] !== undefined) {
          yield { id: fields['id'] ?? '', event: fields['event'], data: JSON.parse(fields['data'] ?? '{}') };
        }
      }
    }
  }
  const later = (id: string, seconds: number): Opinion => {
    const first = api.opinions[0];
    if (first === undefined) throw new Error('The sample is empty.');
    const at = isoTime(END + seconds * 1000);
    return { ...first, labelled_at: at, document: { ...first.document, id, published_at: at } };
  };

  it('tells a new opinion and a changed alert to every reader, once, and resumes after an absence', async () => {
    const live = await api.serve({}, { clock: systemClock });
    const abort = new AbortController();
    try {
      const url = `${live.address()}/api/live`;
      const readers = await Promise.all([1, 2].map(() => fetch(url, { signal: abort.signal })));
      expect(readers[0]?.headers.get('content-type')).toContain('text/event-stream');
      const streams = readers.map((response) => events(response));
      await api.store.insert('opinions', [opinionRow(later('live-1', 1))], 'live-1');
      // The first event of a new reader is what was labelled in the seconds before it came.
      await Promise.all(streams.map((stream) => stream.next()));
      const firsts = await Promise.all(streams.map((stream) => stream.next()));
      for (const first of firsts) {
        expect(first.value).toMatchObject({ event: 'opinions', data: { opinions: [{ document_id: 'live-1' }] } });
      }
      const changed = sampleAlerts(END, api.opinions).find((alert) => alert.state === 'firing');
      if (changed === undefined) throw new Error('The sample has no firing alert.');
      await api.store.insert('alerts', [alertRow({ ...changed, alert_id: 'live-alert' })], 'live-alert');
      const second = await streams[0]?.next();
      expect(second?.value).toMatchObject({ event: 'alerts', data: { alerts: [{ alert_id: 'live-alert' }] } });

      await api.store.insert('opinions', [opinionRow(later('live-2', 20))], 'live-2');
      const third = await streams[0]?.next();
      expect(third?.value.data).toMatchObject({ opinions: [{ document_id: 'live-2' }] });

      const returning = await fetch(url, {
        signal: abort.signal,
        headers: { 'last-event-id': firsts[0]?.value.id ?? '' },
      });
      const missed = await events(returning).next();
      expect(JSON.stringify(missed.value)).toContain('"live-2"');
      const lost = await fetch(url, { signal: abort.signal, headers: { 'last-event-id': 'nonsense' } });
      expect((await events(lost).next()).value).toMatchObject({ event: 'reset' });
    } finally {
      abort.abort();
      await live.stop();
    }
  }, 60_000);

  it('sends what was missed out of the store, labels and alerts, before what happens now', async () => {
    const live = await api.serve({}, { clock: systemClock });
    const abort = new AbortController();
    try {
      const url = `${live.address()}/api/live`;
      const open = async (id: string) =>
        events(await fetch(url, { signal: abort.signal, headers: { 'last-event-id': id } }));
      const status = (await (await fetch(`${live.address()}/api/status`)).json()) as StatusAnswer;
      const seen = Date.parse(status.newest_labelled_at ?? '');
      const changed = sampleAlerts(END, api.opinions)[0];
      if (changed === undefined) throw new Error('The sample has no alert.');
      const missed = Array.from({ length: 150 }, (_, index) => later(`missed-${index}`, 100 + index / 10));
      const stored_at = isoTime(Date.now());
      await api.store.insert('opinions', missed.map(opinionRow), 'missed');
      await api.store.insert(
        'alerts',
        [{ ...alertRow({ ...changed, alert_id: 'missed-alert' }), stored_at }],
        'missed-alert',
      );
      const stream = await open(`${seen}-${Date.parse(stored_at) - 60_000}`);
      const ids: string[] = [];
      const places: string[] = [];
      for (;;) {
        const { value } = await stream.next();
        if (value === undefined) throw new Error('The stream ended.');
        places.push(value.id);
        if (value.event === 'alerts') {
          expect(value.data).toMatchObject({ alerts: [{ alert_id: 'missed-alert' }] });
          break;
        }
        ids.push(...(value.data as { opinions: { document_id: string }[] }).opinions.map((row) => row.document_id));
      }
      expect(ids.filter((id) => id.startsWith('missed-'))).toHaveLength(150);
      expect(places.length).toBeGreaterThan(2);
      // Whoever stopped after the first part gets the rest, and whoever has all of it gets no reset.
      const rest = await (await open(places[0] ?? '')).next();
      expect(JSON.stringify(rest.value)).toContain('missed-140');
      const all = Array.from({ length: 1_100 }, (_, index) => later(`many-${index}`, 200 + index / 100));
      await api.store.insert('opinions', all.map(opinionRow), 'many');
      const tooMuch = await (await open(places[0] ?? '')).next();
      expect(tooMuch.value).toMatchObject({ event: 'reset', data: { reason: 'too_much' } });
      const ahead = await (await open('999999999999999-0')).next();
      expect(ahead.value).toMatchObject({ event: 'reset', data: { reason: 'unknown_id' } });
    } finally {
      abort.abort();
      await live.stop();
    }
  }, 60_000);

  it('lets go of readers when the server stops, without waiting for them', async () => {
    const live = await api.serve({}, { clock: systemClock });
    const response = await fetch(`${live.address()}/api/live`);
    const reading = (async () => {
      for await (const _ of response.body ?? []) continue;
    })().catch(() => undefined);
    const start = performance.now();
    await live.stop();
    await reading;
    expect(performance.now() - start).toBeLessThan(3_000);
  });
});
