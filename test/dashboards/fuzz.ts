/**
 * The API under schemathesis (https://schemathesis.readthedocs.io), which reads /api/openapi.json and asks what it allows
 * and what it does not: `python3 -m pip install schemathesis`, then `npm run fuzz`; more arguments go to schemathesis
 * (`npm run fuzz -- --max-examples 200`). A server of its own over the example feed, with an admin's named token; what
 * is not checked, and why, stands in schemathesis.toml beside this file. In CI the same is done without Python by
 * api_schema.test.ts.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startApi } from './api_server.ts';

const TOKEN = 'fuzz-with-every-right';
const api = await startApi({
  tokens: [{ name: 'Fuzz', role: 'admin', token: TOKEN }],
  requests_per_minute: 1_000_000,
  failed_sign_ins_per_minute: 1_000_000,
});
const child = spawn(
  process.env['SCHEMATHESIS'] ?? 'schemathesis',
  [
    '--config-file',
    fileURLToPath(new URL('schemathesis.toml', import.meta.url)),
    'run',
    `${api.dashboards.address()}/api/openapi.json`,
    '--header',
    `Authorization: Bearer ${TOKEN}`,
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit' },
);
child.on('error', (error) => {
  process.stderr.write(`schemathesis cannot be started: ${error.message}\n  python3 -m pip install schemathesis\n`);
});
const status = await new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 1)));
await api.close();
process.exitCode = status;
