#!/usr/bin/env node
/**
 * What `npx tidewatch` starts: the built program, or a word on what keeps it from running: an old Node, on which a library of it
 * would break with a stack of its own, or no build. It is here, and not in dist/, because npm links the command of a package once:
 * in a clone where dist/ was not there yet it linked nothing, and for good.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const built = new URL('../dist/app/cli.js', import.meta.url);
const [major, minor] = process.versions.node.split('.').map(Number);
// As app/node_version.ts has it, which is not there before a build.
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `tidewatch: this is Node ${process.versions.node}; it needs 20.19 or newer (20, 22 or 24)\nInstall one from https://nodejs.org\n`,
  );
  process.exitCode = 1;
} else if (existsSync(built)) {
  await import(built.href);
} else {
  const root = fileURLToPath(new URL('..', import.meta.url));
  process.stderr.write(`tidewatch: it is not built yet\nRun npm run build first, in ${root}\n`);
  process.exitCode = 1;
}
