/**
 * Builds the page: dashboards/web → dist/dashboards/web, with content-hashed names and a brotli and gzip copy beside each
 * file, so that the server only picks bytes. Fails when the page outgrows its budget.
 * Use: node scripts/build-web.mjs [--out FOLDER]
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const BUDGET_BYTES = 200_000;
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const web = join(root, 'dashboards/web');
const outFlag = process.argv.indexOf('--out');
const out = outFlag > 0 ? resolve(process.argv[outFlag + 1] ?? '') : join(root, 'dist/dashboards/web');

const bundle = await build({
  entryPoints: [join(web, 'main.tsx'), join(web, 'styles/page.css')],
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['chrome123', 'firefox120', 'safari17.5'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  outdir: out,
  write: false,
  legalComments: 'eof',
  logLevel: 'warning',
});

const early = await build({
  entryPoints: [join(web, 'early.ts')],
  bundle: true,
  minify: true,
  format: 'iife',
  target: ['chrome123', 'firefox120', 'safari17.5'],
  write: false,
  logLevel: 'warning',
});

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
let gzipped = 0;
const write = (name, bytes) => {
  const gzip = gzipSync(bytes, { level: 9 });
  gzipped += gzip.length;
  writeFileSync(join(out, name), bytes);
  writeFileSync(join(out, `${name}.gz`), gzip);
  writeFileSync(
    join(out, `${name}.br`),
    brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
  );
};
const hashed = (stem, extension, bytes) => {
  const name = `${stem}-${createHash('sha256').update(bytes).digest('hex').slice(0, 10)}.${extension}`;
  write(name, bytes);
  return name;
};

const output = (extension) => bundle.outputFiles.find((file) => file.path.endsWith(extension)).contents;
const names = {
  early: hashed('early', 'js', early.outputFiles[0].contents),
  script: hashed('app', 'js', output('.js')),
  style: hashed('app', 'css', output('.css')),
  icon: hashed('icon', 'svg', readFileSync(join(web, 'icon.svg'))),
};
const page = readFileSync(join(web, 'index.html'), 'utf8').replace(/\{\{(\w+)\}\}/g, (_, key) => names[key]);
write('index.html', Buffer.from(page));

if (gzipped > BUDGET_BYTES) {
  console.error(`The page is ${gzipped} bytes gzipped; its budget is ${BUDGET_BYTES}.`);
  process.exit(1);
}
console.log(`page: ${(gzipped / 1000).toFixed(1)} kB gzipped`);
