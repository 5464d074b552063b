/**
 * How batches are compressed. gzip is what every client and every Node can read, and kafkajs brings it. zstd comes from
 * Node itself (node:zlib, since 22.15 and 23.8), registered with kafkajs where Node has it; so there is no codec package.
 * Rejected: @kafkajs/zstd (its native library has not been built since 2019) and kafkajs-lz4 (the same of lz4); lz4 by
 * a package of native binaries, for a codec that is not smaller than gzip: docs/decisions/0006-kafka.md has the figures.
 */
import * as zlib from 'node:zlib';
import kafkajs, { CompressionTypes } from 'kafkajs';
import { TidewatchError } from '../errors.ts';
import type { KafkaStreamSettings } from './kafka_settings.ts';

type Compress = (input: Buffer, callback: (error: Error | null, output: Buffer) => void) => void;
/** Node 20, the oldest that is supported, has neither. */
const { zstdCompress, zstdDecompress } = zlib as { zstdCompress?: Compress; zstdDecompress?: Compress };
/** kafkajs is CommonJS, and this one of its exports is not seen by name from a module. */
const { CompressionCodecs } = kafkajs;

const TYPES = { gzip: CompressionTypes.GZIP, zstd: CompressionTypes.ZSTD, none: CompressionTypes.None } as const;

if (zstdCompress !== undefined && zstdDecompress !== undefined) {
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: ({ buffer }: { buffer: Buffer }) => promised(zstdCompress, buffer),
    decompress: (buffer: Buffer) => promised(zstdDecompress, buffer),
  });
}

function promised(work: Compress, input: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    work(input, (error, output) => (error === null ? resolve(output) : reject(error)));
  });
}

/** kafkajs' name of the codec. @throws TidewatchError library.missing where this Node cannot */
export function compressionType({ compression }: KafkaStreamSettings): CompressionTypes {
  if (compression === 'zstd' && zstdCompress === undefined) {
    throw new TidewatchError(
      'library.missing',
      `stream.compression: zstd needs Node 22.15, this is ${process.version}`,
      {
        hint: 'Set stream.compression to gzip, or use a newer Node in every process that reads these topics.',
      },
    );
  }
  return TYPES[compression];
}
