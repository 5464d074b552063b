/**
 * Scalars for TensorBoard: an event file is a TFRecord of `Event` messages (tensorflow/core/util/event.proto), each record
 * framed as length, masked CRC-32C of the length, bytes, masked CRC-32C of the bytes. Written here because the only library
 * that writes it comes with the native addon, and runs on WebGPU and without TensorFlow are to be watched too.
 */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import protobuf from 'protobufjs';

const EVENT = protobuf
  .parse(
    `syntax = "proto3";
message Value { string tag = 1; float simple_value = 2; }
message Summary { repeated Value value = 1; }
message Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; }`,
    { keepCase: true },
  )
  .root.lookupType('Event');

export interface TensorBoard {
  /** Numbers by name at a step; they are on disk when this returns. */
  write(step: number, scalars: Record<string, number>): void;
  close(): void;
}

/** A new event file in the folder; a resumed run adds another, which TensorBoard shows as one. */
export function openTensorBoard(folder: string): TensorBoard {
  mkdirSync(folder, { recursive: true });
  const seconds = Math.floor(Date.now() / 1000);
  const file = openSync(join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}`), 'a');
  const append = (event: object): void => {
    writeSync(file, tfRecord(EVENT.encode(EVENT.fromObject({ wall_time: Date.now() / 1000, ...event })).finish()));
  };
  append({ file_version: 'brain.Event:2' });
  return {
    write(step, scalars) {
      const value = Object.entries(scalars).map(([tag, number]) => ({ tag, simple_value: number }));
      append({ step, summary: { value } });
    },
    close: () => closeSync(file),
  };
}

export function tfRecord(bytes: Uint8Array): Uint8Array {
  const record = Buffer.alloc(16 + bytes.length);
  record.writeBigUInt64LE(BigInt(bytes.length), 0);
  record.writeUInt32LE(masked(record.subarray(0, 8)), 8);
  record.set(bytes, 12);
  record.writeUInt32LE(masked(bytes), 12 + bytes.length);
  return record;
}

/** TFRecord's mask, so that a checksum of data that holds checksums is no trivial one. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C (Castagnoli), RFC 3720 B.4. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
