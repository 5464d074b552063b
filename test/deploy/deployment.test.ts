/**
 * What is deployed, looked at as far as it goes without Docker and a cluster: docker-compose.yml is read by compose-go, which is
 * what `docker compose config` runs, manifests by the API's own types and, where kubectl is, by kustomize; and everything
 * that one file takes for granted of another is there: settings, secrets, ports, names.
 */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { ROLES } from '../../app/app.ts';
import { readSettings, type Settings } from '../../app/config.ts';
import { CLASSIFIER_GROUP } from '../../classifier/classifier.ts';
import { MIGRATIONS } from '../../core/store/schema.ts';
import { groupId, topicName } from '../../core/stream/kafka_settings.ts';
import { TOPICS } from '../../core/stream/stream.ts';
import { allDashboards } from '../../dashboards/grafana/emit.ts';
import { REPOSITORY } from '../end_to_end/program.ts';

interface Service {
  readonly image: string;
  readonly build?: { readonly target?: string };
  readonly command?: readonly string[];
  readonly user?: string;
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly environment?: Readonly<Record<string, string>>;
  readonly profiles?: readonly string[];
  readonly ports?: readonly { readonly host_ip?: string; readonly target: number }[];
  readonly volumes?: readonly { readonly type: string; readonly source: string; readonly target: string }[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

const run = promisify(execFile);
const at = (...path: string[]): string => join(REPOSITORY, ...path);
const text = (...path: string[]): string => readFileSync(at(...path), 'utf8');
const FIXTURE = at('test', 'fixtures', 'manifests_go');
const has = (program: string, ...args: string[]): boolean => {
  try {
    execFileSync(program, args, { stdio: 'ignore', cwd: FIXTURE });
    return true;
  } catch {
    return false;
  }
};
const hasGo = has('go', 'version') && has('go', 'mod', 'download');
const hasKubectl = has('kubectl', 'version', '--client');
if (!hasGo) console.info('skipped: compose-go and the types of Kubernetes: no Go, or its modules cannot be had');
if (!hasKubectl) console.info('skipped: kustomize: kubectl is not installed');

const folder = mkdtempSync(join(tmpdir(), 'tidewatch-deploy-'));
let settings: Settings;
beforeAll(() => {
  execFileSync(process.execPath, [at('deploy', 'secrets.mjs'), join(folder, 'secrets')], { stdio: 'ignore' });
  process.env['TIDEWATCH_SECRETS'] = join(folder, 'secrets', 'tidewatch');
  settings = readSettings(at('deploy', 'tidewatch.yaml'));
});
afterAll(() => {
  delete process.env['TIDEWATCH_SECRETS'];
  rmSync(folder, { recursive: true, force: true });
});

describe('the secrets of an installation', () => {
  const secret = (...path: string[]): string => readFileSync(join(folder, 'secrets', ...path), 'utf8');

  it('are made once and kept, each long, and given only to who reads it', () => {
    const before = secret('all', 'dashboards_token');
    execFileSync(process.execPath, [at('deploy', 'secrets.mjs'), join(folder, 'secrets')], { stdio: 'ignore' });
    expect(secret('all', 'dashboards_token')).toBe(before);
    const names = readdirSync(join(folder, 'secrets', 'all'));
    expect(names.length).toBeGreaterThan(4);
    for (const name of names) expect(secret('all', name)).toMatch(/^[\w-]{32}$/);
    expect(new Set(names.map((name) => secret('all', name))).size).toBe(names.length);
    expect(readdirSync(join(folder, 'secrets', 'prometheus'))).toEqual(['monitor_token']);
    expect(readdirSync(join(folder, 'secrets', 'grafana')).sort()).toEqual([
      'grafana_admin_password',
      'grafana_clickhouse_password',
    ]);
    expect(statSync(join(folder, 'secrets', 'all')).mode & 0o077).toBe(0);
  });

  it('are made over what a start that was killed left behind, which is replaced and not written into', () => {
    // Whoever runs this may be root, who writes into any file: a second name of the left-over shows whether somebody did.
    const left = join(folder, 'secrets', 'tidewatch', 'monitor_token.part');
    const witness = join(folder, 'witness');
    writeFileSync(left, 'half a sec', { mode: 0o444 });
    linkSync(left, witness);
    execFileSync(process.execPath, [at('deploy', 'secrets.mjs'), join(folder, 'secrets')], { stdio: 'ignore' });
    expect(readFileSync(witness, 'utf8')).toBe('half a sec');
    expect(existsSync(left)).toBe(false);
    expect(secret('tidewatch', 'monitor_token')).toBe(secret('all', 'monitor_token'));
  });

  it('reach ClickHouse as hashes beside the users that they are of', () => {
    const users = secret('clickhouse', 'passwords.xml');
    for (const [user, name] of [
      ['tidewatch', 'clickhouse_password'],
      ['grafana', 'grafana_clickhouse_password'],
    ] as const) {
      const hash = createHash('sha256').update(secret('all', name)).digest('hex');
      expect(users).toContain(`<${user}><password_sha256_hex>${hash}</password_sha256_hex></${user}>`);
      expect(secret('clickhouse', `${user}.xml`)).toContain(`<${user}>`);
    }
    // The server's own users.xml has one without a password, who may make others; it listens on every address.
    expect(users).toContain('<default remove="remove"/>');
    expect(readdirSync(join(folder, 'secrets', 'clickhouse')).sort()).toEqual([
      'grafana.xml',
      'passwords.xml',
      'tidewatch.xml',
    ]);
  });
});

describe('what ClickHouse lets Grafana’s user read', () => {
  const granted = [
    ...text('dashboards/grafana/provisioning/clickhouse/users.d/grafana.xml').matchAll(/<query>(.*)<\/query>/g),
  ].map(([, query = '']) => /^GRANT SELECT ON tidewatch\.(\w+)$/.exec(query)?.[1] ?? query);

  it('is the tables that the dashboards ask and that their views read, and nothing else: not who did, nor who read what', () => {
    const asked = (sql: string): string[] =>
      [...sql.matchAll(/\b(?:FROM|JOIN)\s+(\w+)/g)].map(([, table = '']) => table);
    const statements = MIGRATIONS.flatMap((migration) => migration.statements);
    const viewOf = (name: string): string =>
      statements.find((sql) => sql.startsWith(`CREATE OR REPLACE VIEW ${name} `)) ?? '';
    const tables = new Set(
      statements.flatMap((sql) => /^CREATE (?:TABLE IF NOT EXISTS|OR REPLACE VIEW) (\w+)/.exec(sql)?.[1] ?? []),
    );
    const wanted = new Set<string>();
    const want = (sql: string): void => {
      for (const name of asked(sql)) {
        if (!tables.has(name) || wanted.has(name)) continue;
        wanted.add(name);
        want(viewOf(name));
      }
    };
    // Escapes of JSON would hide where a word begins.
    for (const page of allDashboards().values()) want(JSON.stringify(page).replaceAll(/\\[nt]/g, ' '));
    expect(tables.has('audit') && tables.has('reading')).toBe(true);
    expect(wanted.size).toBeGreaterThan(6);
    expect(granted.toSorted()).toEqual([...wanted].toSorted());
    expect(granted).not.toContain('audit');
    expect(granted).not.toContain('reading');
  });
});

describe('deploy/tidewatch.yaml', () => {
  it('is a settings file of this version, with Kafka, a server and a door for health in each process', () => {
    expect([settings.stream.type, settings.store.type]).toEqual(['kafka', 'clickhouse']);
    expect(settings.monitor).toMatchObject({ host: '0.0.0.0', port: 9464 });
    for (const source of settings.ingest.sources) {
      if (typeof source['path'] === 'string') expect(existsSync(source['path'])).toBe(true);
    }
    for (const watchlist of settings.ingest.watchlists) expect(existsSync(watchlist)).toBe(true);
  });
});

describe('deploy/demo.yaml', () => {
  it('is the deployed settings with the example feed, and with what its pace needs', () => {
    const demo = readSettings(at('deploy', 'demo.yaml'));
    const { ingest, alerting, ...same } = demo;
    const { ingest: _, alerting: __, ...rest } = settings;
    expect(same).toEqual(rest);
    expect(ingest.sources.map(({ path }) => existsSync(String(path)))).toEqual([true]);
    expect({ ...alerting, allowed_lateness_mins: 60, group_interval_secs: 300 }).toEqual(settings.alerting);
  });
});

describe.skipIf(!hasGo)('docker-compose.yml and the manifests, read by the code that will read them', () => {
  const program = join(folder, 'manifests');
  let services: Readonly<Record<string, Service>>;
  let volumes: Readonly<Record<string, unknown>>;
  beforeAll(async () => {
    await run('go', ['build', '-p', '1', '-o', program, '.'], { cwd: FIXTURE, timeout: 500_000 });
    const { stdout } = await run(program, ['compose', at('docker-compose.yml'), 'gpu'], { maxBuffer: 1e7 });
    ({ services, volumes } = JSON.parse(stdout) as {
      services: Readonly<Record<string, Service>>;
      volumes: Readonly<Record<string, unknown>>;
    });
  }, 520_000);

  it('has a process a stage with the deployed settings, and the GPU’s by its profile', () => {
    const ours = Object.entries(services).filter(([, { command }]) => command?.includes('--role'));
    const roles = ours.map(([, { command = [] }]) => command[command.indexOf('--role') + 1]);
    expect(new Set(roles)).toEqual(new Set(ROLES));
    for (const [name, { command = [], volumes = [], healthcheck, profiles }] of ours) {
      expect(command).toContain('/opt/tidewatch/deploy/tidewatch.yaml');
      const mounts = new Set(volumes.map(({ target }) => target));
      expect([name, mounts.has('/opt/tidewatch/deploy/tidewatch.yaml'), mounts.has('/run/secrets')]).toEqual([
        name,
        true,
        true,
      ]);
      expect(healthcheck?.test.join(' ')).toContain(`127.0.0.1:${settings.monitor?.port}/healthz`);
      expect(profiles ?? []).toEqual(name === 'classifier-gpu' ? ['gpu'] : []);
    }
    expect(services['classifier']).toMatchObject({ deploy: { replicas: 2 } });
  });

  it('pins its images, gives nobody root, and locks what it can', () => {
    for (const [name, service] of Object.entries(services)) {
      expect([name, service.image]).toEqual([name, expect.stringMatching(/:v?\d+\.\d+/)]);
      expect([name, service.user]).toEqual([name, expect.stringMatching(/^[1-9]\d*:\d+$/)]);
      expect([name, service.cap_drop, service.security_opt]).toEqual([name, ['ALL'], ['no-new-privileges:true']]);
      // Kafka's image writes its own configuration at the start.
      expect([name, service.read_only ?? false]).toEqual([name, name !== 'kafka']);
      expect([name, service.restart ?? 'no']).toEqual([name, name === 'secrets' ? 'no' : 'unless-stopped']);
      expect([name, service.healthcheck !== undefined]).toEqual([name, name !== 'secrets']);
      for (const { host_ip } of service.ports ?? []) expect([name, host_ip]).toEqual([name, '127.0.0.1']);
      expect(JSON.stringify(service.environment ?? {})).not.toMatch(/PASSWORD"|TOKEN"/);
      for (const { type, source } of service.volumes ?? []) {
        if (type === 'volume') expect(Object.keys(volumes)).toContain(source);
        if (type === 'bind') expect([source, existsSync(at(source))]).toEqual([source, true]);
      }
    }
  });

  it('mounts the secrets that its files name', () => {
    const volumesOf = (name: string): string[] => (services[name]?.volumes ?? []).map(({ source }) => source);
    for (const reader of ['tidewatch', 'clickhouse', 'grafana', 'prometheus'])
      expect(volumesOf('secrets')).toContain(`secrets-${reader}`);
    expect(volumesOf('clickhouse')).toContain('secrets-clickhouse');
    for (const [, name = ''] of text('deploy', 'tidewatch.yaml').matchAll(/_file: \S*\/(\w+)$/gm))
      expect(existsSync(join(folder, 'secrets', 'tidewatch', name)), name).toBe(true);
    const { environment = {} } = services['grafana'] ?? {};
    for (const [, path] of Object.entries(environment).filter(([name]) => name.endsWith('_FILE')))
      expect(existsSync(join(folder, 'secrets', 'grafana', basename(path))), path).toBe(true);
    for (const [, name = ''] of text('dashboards/grafana/provisioning/datasources/tidewatch.yaml').matchAll(
      /\$(TIDEWATCH_\w+)/g,
    ))
      expect(Object.keys(environment)).toContain(name);
    const files =
      text('dashboards/grafana/provisioning/datasources/tidewatch.yaml').match(/^ *[^#].*\$__file.*$/gm) ?? [];
    expect(files).toHaveLength(1);
    for (const line of files) {
      // Grafana looks for the file before it expands the environment: what stands within must be a path.
      const [, path = ''] = /\$__file\{(\/[^$}]+)\}/.exec(line) ?? [];
      expect(services['grafana']?.volumes).toContainEqual(
        expect.objectContaining({ source: 'secrets-grafana', target: dirname(path) }),
      );
      expect(existsSync(join(folder, 'secrets', 'grafana', basename(path))), line).toBe(true);
    }
    const prometheus = parse(text('deploy', 'prometheus.yml')) as {
      scrape_configs: {
        authorization: { credentials_file: string };
        dns_sd_configs: { names: string[]; port: number }[];
      }[];
    };
    for (const { authorization, dns_sd_configs } of prometheus.scrape_configs) {
      expect(existsSync(join(folder, 'secrets', 'prometheus', basename(authorization.credentials_file)))).toBe(true);
      const processes = Object.keys(services).filter((name) => services[name]?.command?.includes('--role'));
      expect(dns_sd_configs[0]?.names.toSorted()).toEqual(processes.toSorted());
      expect(dns_sd_configs[0]?.port).toBe(settings.monitor?.port);
    }
  });

  it('builds targets that the Dockerfile has, from files that are there and not ignored', () => {
    const dockerfile = text('Dockerfile');
    const stages = [...dockerfile.matchAll(/^FROM \S+ AS (\S+)/gm)].map(([, name]) => name);
    for (const { build } of Object.values(services))
      if (build?.target !== undefined) expect(stages).toContain(build.target);
    const ignored = text('.dockerignore').trim().split('\n');
    for (const [, source = ''] of dockerfile.matchAll(/^COPY --from=build \/src\/(\S+)/gm)) {
      if (source === 'dist') continue;
      expect([source, existsSync(at(source))]).toEqual([source, true]);
      expect(ignored).not.toContain(source.split('/')[0]);
    }
    for (const line of dockerfile.match(/^(?:FROM |ARG \w*BASE=).*$/gm) ?? [])
      expect(line).not.toMatch(/:latest|=[\w/.-]+$/);
  });

  it('has manifests whose every field the API knows', async () => {
    const files = readdirSync(at('deploy', 'kubernetes')).map((name) => at('deploy', 'kubernetes', name));
    const { stdout } = await run(program, ['kubernetes', ...files]);
    // Of the scaler the API's types are another project's.
    expect(stdout.match(/^not checked: .*$/gm) ?? []).toEqual([
      expect.stringContaining('keda.sh/v1alpha1 ScaledObject'),
    ]);
    expect(stdout.match(/^read: /gm)?.length).toBeGreaterThan(9);
  });
});

describe('the Kubernetes manifests', () => {
  const manifests = readdirSync(at('deploy', 'kubernetes')).flatMap((name) =>
    parseAllDocuments(text('deploy', 'kubernetes', name)).map((document) => document.toJS() as Manifest),
  );

  it('scale classifiers by the lag of the group that reads, up to the partitions there are', () => {
    const scaled = manifests.find(({ kind }) => kind === 'ScaledObject')?.spec as {
      maxReplicaCount: number;
      scaleTargetRef: { name: string };
      triggers: { metadata: Record<string, string> }[];
    };
    if (settings.stream.type !== 'kafka') throw new Error('no Kafka');
    expect(scaled.maxReplicaCount).toBe(settings.stream.partitions);
    expect(
      manifests.some(({ kind, metadata }) => kind === 'Deployment' && metadata.name === scaled.scaleTargetRef.name),
    ).toBe(true);
    expect(scaled.triggers[0]?.metadata).toMatchObject({
      topic: topicName(settings.stream, TOPICS.documents),
      consumerGroup: groupId(settings.stream, TOPICS.documents, CLASSIFIER_GROUP),
    });
  });

  it('run a process a stage, without rights', () => {
    const pods = manifests.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet');
    const roles = pods.map(({ spec }) => JSON.stringify(spec).match(/"--role","(\w+)"/)?.[1] ?? '');
    expect(new Set(roles)).toEqual(new Set(ROLES));
    expect(roles).toHaveLength(ROLES.length);
    for (const { spec } of pods) {
      const written = JSON.stringify(spec);
      for (const wanted of [
        '"runAsNonRoot":true',
        '"readOnlyRootFilesystem":true',
        '"drop":["ALL"]',
        '"allowPrivilegeEscalation":false',
      ])
        expect(written).toContain(wanted);
    }
  });

  it.skipIf(!hasKubectl)('come out of kustomize with the settings in them', async () => {
    const { stdout } = await run('kubectl', ['kustomize', at('deploy')]);
    const built = parseAllDocuments(stdout).map(
      (document) => document.toJS() as Manifest & { data?: Record<string, string> },
    );
    expect(built.length).toBeGreaterThan(manifests.length);
    const map = built.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('tidewatch-settings'),
    );
    expect(map?.data?.['tidewatch.yaml']).toBe(text('deploy', 'tidewatch.yaml'));
    expect(stdout).toContain('image: tidewatch:0.1.0');
  });
});
