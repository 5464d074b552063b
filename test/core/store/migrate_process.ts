/** A process that brings the schema up to date and says so: its settings as JSON, how long its claim holds. */
import { createLogger } from '../../../core/log.ts';
import { clickhouseSettings, openClickHouseStore } from '../../../core/store/clickhouse.ts';

const [, , settings = '{}', leaseMs = '60000'] = process.argv;
const { type: _, ...given } = JSON.parse(settings) as Record<string, unknown>;
const store = openClickHouseStore(clickhouseSettings.parse(given), {
  log: createLogger({ level: 'silent', format: 'json' }),
  leaseMs: Number(leaseMs),
});
await store.migrate();
console.log('migrated');
await store.close();
