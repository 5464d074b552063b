/** The child of the kill -9 test of labelling: labels a feed into a cache and prints where it lies. */
import { settingsSchema } from '../../../app/config.ts';
import { labelFeed } from '../../../app/backtest/label.ts';

const [feed = '', cache = '', model = ''] = process.argv.slice(2);
const settings = settingsSchema.parse({
  log: { level: 'silent' },
  store: { type: 'chdb' },
  classifier: { backend: { type: 'onnx', model, threads: 1 }, max_batch_documents: 20 },
});
const said = (line: string): void => void process.stderr.write(`${line}\n`);
const labelled = await labelFeed(settings, { feed, sourceClass: 'news', timeZone: null, cache, progress: said });
process.stdout.write(JSON.stringify(labelled));
