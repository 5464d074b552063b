/** Doors of one process that would listen on the same port: the second to open could not, which is better said before the start. */
interface Door {
  readonly path: readonly (string | number)[];
  readonly host: string;
  readonly port: number;
  /** The stage that opens it; null: any process does. */
  readonly stage: 'ingest' | 'dashboards' | null;
}

interface Listening {
  readonly host: string;
  readonly port: number;
}

/** What is read of the settings. */
export interface Listeners {
  readonly stream: { readonly type: string };
  readonly ingest: { readonly sources: readonly { readonly type: string; readonly [setting: string]: unknown }[] };
  readonly dashboards: Listening & { readonly clickhouse_http?: Listening | undefined };
  readonly monitor?: Listening | undefined;
}

const EVERY_NETWORK = new Set(['0.0.0.0', '::', '[::]']);

/** The setting of each port that another door has already, and what to say of it. */
export function sharedPorts(settings: Listeners): { path: (string | number)[]; message: string }[] {
  const doors = doorsOf(settings);
  // Stages that meet in Kafka may be processes on machines of their own.
  const isOneProcess = settings.stream.type !== 'kafka';
  return doors.flatMap((door, index) => {
    const other = doors
      .slice(0, index)
      .find((one) => (isOneProcess || isTogether(one, door)) && one.port === door.port && isSameNetwork(one, door));
    if (other === undefined || door.port === 0) return [];
    return [{ path: [...door.path], message: `is also ${other.path.join('.')}; give each door a port of its own` }];
  });
}

function doorsOf({ ingest, dashboards, monitor }: Listeners): Door[] {
  const { clickhouse_http: clickhouse } = dashboards;
  return [
    doorOf(['dashboards'], dashboards, 'dashboards'),
    ...(clickhouse === undefined ? [] : [doorOf(['dashboards', 'clickhouse_http'], clickhouse, 'dashboards')]),
    ...(monitor === undefined ? [] : [doorOf(['monitor'], monitor, null)]),
    ...ingest.sources.flatMap((source, index) =>
      source.type === 'http' ? [doorOf(['ingest', 'sources', index], source as unknown as Listening, 'ingest')] : [],
    ),
    ...hubDoors(ingest.sources),
  ];
}

/** Where hubs push to: feeds that write the same host and port share one door, so only the first of them is one. */
function hubDoors(sources: Listeners['ingest']['sources']): Door[] {
  const doors = new Map<string, Door>();
  for (const [index, { type, websub }] of sources.entries()) {
    if (type !== 'rss' || websub === undefined) continue;
    const listening = websub as Listening;
    const place = `${listening.host}:${listening.port}`;
    if (!doors.has(place)) doors.set(place, doorOf(['ingest', 'sources', index, 'websub'], listening, 'ingest'));
  }
  return [...doors.values()];
}

function doorOf(section: readonly (string | number)[], { host, port }: Listening, stage: Door['stage']): Door {
  return { path: [...section, 'port'], host: host === 'localhost' ? '127.0.0.1' : host, port, stage };
}

/** Of the monitor, which any process has, that cannot be said: it is told at the start, by the one that finds the port taken. */
function isTogether(one: Door, other: Door): boolean {
  return one.stage !== null && one.stage === other.stage;
}

function isSameNetwork(one: Door, other: Door): boolean {
  return one.host === other.host || EVERY_NETWORK.has(one.host) || EVERY_NETWORK.has(other.host);
}
