/**
 * The first question of clickhouse-go (and so of Grafana's plugin): who are you, in the Native format of a protocol version
 * that the client names. The answer is a block of that protocol whose revision is 0, after which the client reads Native
 * as the engine writes it: without block info and without the byte that says how a column is serialised.
 */

const QUESTION = /^select displayname\(\), version\(\), revision\(\), timezone\(\)$/i;

/** Lowest protocol versions that write a byte before each column's data, and that write block info. */
const CUSTOM_SERIALIZATION = 54_454;
const BLOCK_INFO = 51_903;

export function isHello(sql: string): boolean {
  return QUESTION.test(sql.trim().replaceAll(/\s+/g, ' '));
}

/** The answer as bytes; `protocol` is the client_protocol_version of the request. */
export function helloBlock(version: string, protocol: number): Buffer {
  const columns: [name: string, type: string, value: Buffer][] = [
    ['displayName()', 'String', text('tidewatch')],
    ['version()', 'String', text(version)],
    ['revision()', 'UInt32', Buffer.alloc(4)],
    ['timezone()', 'String', text('UTC')],
  ];
  // Not an overflow block, no bucket (-1), end of info.
  const info = protocol >= BLOCK_INFO ? [1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0] : [];
  const serialization = protocol >= CUSTOM_SERIALIZATION ? [0] : [];
  return Buffer.concat([
    Buffer.from([...info, columns.length, 1]),
    ...columns.flatMap(([name, type, value]) => [text(name), text(type), Buffer.from(serialization), value]),
  ]);
}

/** A string of fewer than 128 bytes, as Native writes it. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}
