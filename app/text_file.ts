/** A text file as a whole, in whatever encoding it was saved: lists that people keep are small, and Excel in China writes GBK. */
import { createReadStream } from 'node:fs';
import { asUtf8 } from '../ingest/sources/file_text.ts';

/** @throws the system's error where it cannot be read */
export async function readText(path: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of asUtf8(createReadStream(path))) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
