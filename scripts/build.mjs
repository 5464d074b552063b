/**
 * Builds dist/: the server by tsc, the page by esbuild (scripts/build-web.mjs). Does nothing where no source
 * changed since the last build, so that `npm start` on an unchanged tree starts at once.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = join(root, 'dist', '.built');
const sources = [
  'core',
  'ingest',
  'classifier',
  'alerting',
  'dashboards',
  'backtest',
  'app',
  'scripts',
  'package.json',
];

function newest(path) {
  const info = statSync(path);
  if (!info.isDirectory()) return info.mtimeMs;
  return Math.max(info.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

const changed = Math.max(
  ...sources
    .map((name) => join(root, name))
    .filter(existsSync)
    .map(newest),
);
if (existsSync(stamp) && readFileSync(stamp, 'utf8') === String(changed)) process.exit(0);

rmSync(join(root, 'dist'), { recursive: true, force: true });
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' });
execFileSync(process.execPath, [join(root, 'scripts', 'build-web.mjs')], { stdio: 'inherit' });
chmodSync(join(root, 'dist', 'app', 'cli.js'), 0o755);
writeFileSync(stamp, String(changed));
