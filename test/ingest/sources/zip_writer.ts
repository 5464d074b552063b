/** A ZIP archive with one deflated entry, as GDELT's files are; `over` breaks it in chosen ways. */
import { crc32, deflateRawSync } from 'node:zlib';

export function zipOf(
  name: string,
  content: Buffer | string,
  over: { crc?: number; size?: number; method?: number; flags?: number } = {},
): Buffer {
  const bytes = Buffer.from(content);
  const packed = over.method === 0 ? bytes : deflateRawSync(bytes);
  const crc = over.crc ?? crc32(bytes);
  const size = over.size ?? bytes.length;
  const file = Buffer.from(name);
  const shared = Buffer.alloc(26);
  shared.writeUInt16LE(20, 0);
  shared.writeUInt16LE(over.flags ?? 0, 2);
  shared.writeUInt16LE(over.method ?? 8, 4);
  shared.writeUInt32LE(crc, 10);
  shared.writeUInt32LE(packed.length, 14);
  shared.writeUInt32LE(size, 18);
  shared.writeUInt16LE(file.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), shared, file, packed]);
  const central = Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), shared, Buffer.alloc(14), file]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}
