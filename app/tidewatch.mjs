#!/usr/bin/env node
/**
 * What `npx tidewatch` starts: the built program, or a word on how to build it. It is here, and not in dist/, because npm links
 * the command of a package once: in a clone where dist/ was not there yet it linked nothing, and for good.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const built = new URL('../dist/app/cli.js', import.meta.url);
if (existsSync(built)) {
  await import(built.href);
} else {
  const root = fileURLToPath(new URL('..', import.meta.url));
  process.stderr.write(`tidewatch: it is not built yet\nRun npm run build first, in ${root}\n`);
  process.exitCode = 1;
}
