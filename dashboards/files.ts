/**
 * The built page from memory: a handful of small files, each also as brotli and gzip made at build time. Names with a
 * content hash may be kept for ever; index.html, which names them, is asked for each time.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Context } from 'hono';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};
const ENCODINGS = [
  { name: 'br', suffix: '.br' },
  { name: 'gzip', suffix: '.gz' },
] as const;

interface PageFile {
  readonly type: string;
  readonly cache: string;
  /** By content encoding; '' is the plain file. */
  readonly bytes: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

export interface PageFiles {
  /** The answer to a request for a file of the page, or undefined for a name that is none. */
  serve(context: Context, name: string): Response | undefined;
  /** Name of the style sheet, for pages that the server writes itself. */
  readonly style: string | undefined;
}

/** Where `npm run build` puts the page: beside this file once compiled, under dist/ when run from source. */
export function builtWebFolder(): string {
  const here = import.meta.url;
  return fileURLToPath(new URL(here.endsWith('.ts') ? '../dist/dashboards/web/' : './web/', here));
}

/** Reads the built page; null where it was not built. */
export function loadPageFiles(folder: string): PageFiles | null {
  if (!existsSync(join(folder, 'index.html'))) return null;
  const files = new Map<string, PageFile>();
  for (const name of readdirSync(folder)) {
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
    if (type === undefined) continue;
    const bytes = new Map<string, Uint8Array<ArrayBuffer>>([['', Uint8Array.from(readFileSync(join(folder, name)))]]);
    for (const encoding of ENCODINGS) {
      const path = join(folder, `${name}${encoding.suffix}`);
      if (existsSync(path)) bytes.set(encoding.name, Uint8Array.from(readFileSync(path)));
    }
    const hashed = /-[0-9a-f]{10}\./.test(name);
    files.set(name, { type, bytes, cache: hashed ? 'public, max-age=31536000, immutable' : 'no-cache' });
  }
  return {
    style: [...files.keys()].find((name) => name.endsWith('.css')),
    serve(context, name) {
      const file = files.get(name);
      if (file === undefined) return undefined;
      const header = context.req.header('accept-encoding') ?? '';
      const accepted = new Set(header.split(',').map((part) => part.split(';')[0]?.trim()));
      const encoding = ENCODINGS.find((candidate) => accepted.has(candidate.name) && file.bytes.has(candidate.name));
      const headers: Record<string, string> = {
        'Content-Type': file.type,
        'Cache-Control': file.cache,
        Vary: 'Accept-Encoding',
      };
      if (encoding !== undefined) headers['Content-Encoding'] = encoding.name;
      return new Response(file.bytes.get(encoding?.name ?? '') ?? null, { headers });
    },
  };
}
