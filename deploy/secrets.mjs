/**
 * Makes the secrets of an installation, each a file that only programs read: `node secrets.mjs FOLDER`. What is there
 * already is kept, so it may run before every start. Whoever brings own secrets puts files of these names there first.
 * Passwords go to ClickHouse as hashes in a file of users.d. Rejected: defaults in the compose file (they stay), an .env
 * to fill in (nothing starts before somebody has read it), environment variables (every inspection shows them).
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const folder = process.argv[2];
if (folder === undefined) {
  process.stderr.write('usage: node secrets.mjs FOLDER\n');
  process.exit(1);
}

/** Which container reads which: each gets a folder of its own, with a copy of what it needs and of nothing else. */
const READERS = {
  tidewatch: ['clickhouse_password', 'dashboards_token', 'monitor_token'],
  prometheus: ['monitor_token'],
  grafana: ['grafana_admin_password', 'grafana_clickhouse_password'],
};
const NAMES = [...new Set(Object.values(READERS).flat())];

/** As a whole or not at all: a start that was cut off must not leave half a secret. */
function write(path, text) {
  // What such a start left behind may not be written to.
  rmSync(`${path}.part`, { force: true });
  writeFileSync(`${path}.part`, text);
  // The containers run as users of their own; the folder is a volume that only they mount.
  chmodSync(`${path}.part`, 0o444);
  renameSync(`${path}.part`, path);
}

const all = join(folder, 'all');
mkdirSync(all, { recursive: true, mode: 0o700 });
const secrets = new Map(
  NAMES.map((name) => {
    const path = join(all, name);
    if (!existsSync(path)) write(path, randomBytes(24).toString('base64url'));
    return [name, readFileSync(path, 'utf8').trim()];
  }),
);
for (const [reader, names] of Object.entries(READERS)) {
  mkdirSync(join(folder, reader), { recursive: true });
  for (const name of names) write(join(folder, reader, name), secrets.get(name));
}

// ClickHouse's users, whose passwords are hashes beside them: together they are its users.d. The one of its own users.xml,
// without a password and with every right, is taken away.
const hash = (name) => createHash('sha256').update(secrets.get(name)).digest('hex');
mkdirSync(join(folder, 'clickhouse'), { recursive: true });
for (const file of [
  'clickhouse/users.d/tidewatch.xml',
  '../dashboards/grafana/provisioning/clickhouse/users.d/grafana.xml',
])
  write(join(folder, 'clickhouse', basename(file)), readFileSync(new URL(file, import.meta.url), 'utf8'));
write(
  join(folder, 'clickhouse', 'passwords.xml'),
  `<clickhouse><users>
  <default remove="remove"/>
  <tidewatch><password_sha256_hex>${hash('clickhouse_password')}</password_sha256_hex></tidewatch>
  <grafana><password_sha256_hex>${hash('grafana_clickhouse_password')}</password_sha256_hex></grafana>
</users></clickhouse>
`,
);
process.stdout.write(`The page's token is in ${join(folder, 'all', 'dashboards_token')}\n`);
