/**
 * The store as a process of its own, to be killed: ClickHouse's engine behind its HTTP interface. No ClickHouse server can
 * be had everywhere; this one is chdb, the same engine, in one process over one folder. Prints the address.
 */
import { startHttpEngine } from '../../core/store/http_engine.ts';

const [folder = ''] = process.argv.slice(2);
const engine = await startHttpEngine(folder);
process.stdout.write(`${engine.url}\n`);
process.on('SIGTERM', () => void engine.stop().then(() => process.exit(0)));
