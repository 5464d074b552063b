/**
 * The live connection. EventSource reconnects by itself after a dropped connection and sends Last-Event-ID, but gives up
 * when the server answers with an error (as a proxy does while the server restarts), so a closed one is opened again
 * here with a growing pause. A network that went silent (a tunnel that fell, a laptop that slept) closes nothing: what says not even
 * that it is still there is taken for lost and opened anew. Rejected: polling, which either lags or hammers the store.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LiveEvents } from '../contract.ts';

export type Connection = 'connecting' | 'open' | 'lost';

export type LiveListener = {
  [Name in keyof LiveEvents]: (event: LiveEvents[Name]) => void;
} & {
  /** Events come from now on; `again` after a gap, in which anything may have changed. */
  opened(again: boolean): void;
};

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;
/** A connection that is not back after this long is worth telling the reader about. */
const PATIENCE_MS = 2_000;
/** The server says something every 15 seconds: this is silence. */
const SILENCE_MS = 40_000;

/** Listens to /api/live from when it is `wanted` on, for as long as the component lives. `listener` may be a new object on each render. */
export function useLive(wanted: boolean, listener: LiveListener): Connection {
  const [connection, setConnection] = useState<Connection>('connecting');
  const current = useRef(listener);
  current.current = listener;
  useEffect(() => {
    if (!wanted) return undefined;
    let source: EventSource;
    let pause = FIRST_PAUSE_MS;
    let retry: ReturnType<typeof setTimeout> | undefined;
    let complaint: ReturnType<typeof setTimeout> | undefined;
    let silence: ReturnType<typeof setTimeout> | undefined;
    let opened = false;
    const heard = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => {
        source.close();
        setConnection('lost');
        connect();
      }, SILENCE_MS);
    };
    const connect = (): void => {
      source = new EventSource('/api/live');
      heard();
      source.addEventListener('open', () => {
        heard();
        clearTimeout(complaint);
        complaint = undefined;
        pause = FIRST_PAUSE_MS;
        setConnection('open');
        current.current.opened(opened);
        opened = true;
      });
      source.addEventListener('error', () => {
        complaint ??= setTimeout(() => setConnection('lost'), PATIENCE_MS);
        if (source.readyState !== EventSource.CLOSED) return;
        clearTimeout(silence);
        retry = setTimeout(connect, pause);
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      });
      // What has no name says only that the connection stands.
      source.addEventListener('message', heard);
      for (const name of ['opinions', 'alerts', 'sources', 'reset'] as const) {
        source.addEventListener(name, (message: MessageEvent<string>) => {
          heard();
          const deliver = current.current[name] as (event: unknown) => void;
          deliver(JSON.parse(message.data));
        });
      }
    };
    connect();
    return () => {
      clearTimeout(retry);
      clearTimeout(complaint);
      clearTimeout(silence);
      source.close();
    };
  }, [wanted]);
  return connection;
}
