import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { crc32c, openTensorBoard, tfRecord } from '../../../classifier/train/tensorboard.ts';

test('the checksum is CRC-32C', () => {
  // RFC 3720, B.4: 32 bytes of zeros, and 0 to 31; and the usual check string.
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, byte) => byte))).toBe(0x46dd794e);
});

test('an event file starts as TensorBoard wants it and holds each number at its step', () => {
  const folder = mkdtempSync(join(tmpdir(), 'board-'));
  const board = openTensorBoard(folder);
  board.write(7, { loss: 0.5, 'dev/tfns/sentiment': 0.25 });
  board.close();
  const [name = ''] = readdirSync(folder);
  expect(name).toMatch(/^events\.out\.tfevents\./);
  const file = readFileSync(join(folder, name));
  const records: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(file.readBigUInt64LE(at));
    const bytes = file.subarray(at + 12, at + 12 + length);
    expect(Buffer.from(tfRecord(bytes))).toEqual(file.subarray(at, at + 16 + length));
    records.push(bytes);
    at += 16 + length;
  }
  expect(records.length).toBe(2);
  expect(records[0]?.toString('latin1')).toContain('brain.Event:2');
  // Field 2 (step) is 7; the summary's values: a tag, then a float of 4 bytes.
  const second = records[1] as Buffer;
  expect(second.subarray(9, 11)).toEqual(Buffer.from([0x10, 7]));
  const tag = second.indexOf('loss');
  expect(second.readFloatLE(tag + 'loss'.length + 1)).toBe(0.5);
});
