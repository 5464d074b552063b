/** What gets in, and what does not, at the real broker's listeners with TLS and SASL: run by kafka.test.ts on its broker. */
import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { createLogger } from '../../../core/log.ts';
import { openKafkaStream, type KafkaStreamSettings } from '../../../core/stream/kafka.ts';
import type { Stream } from '../../../core/stream/stream.ts';
import { KAFKA_USER, type SecureListeners } from '../../kafka_maven.ts';

const log = createLogger({ level: 'silent', format: 'json' });

export function describeKafkaSecurity(
  secure: SecureListeners | undefined,
  settingsWith: (overrides: object) => KafkaStreamSettings,
): void {
  if (secure === undefined) {
    console.log('Kafka with TLS and SASL is not tested: this broker is not ours to configure');
    describe('Kafka with TLS and SASL', () => it.skip('is not tested on a broker of others', () => undefined));
    return;
  }
  const { authority, client } = secure.certificates;
  const trust = { ca_file: authority };
  const opened: Stream[] = [];
  afterEach(async () => {
    for (const stream of opened.splice(0)) await stream.close();
  }, 60_000);

  const open = async (overrides: object): Promise<Stream> => {
    const stream = await openKafkaStream(settingsWith({ partitions: 1, ...overrides }), { clock: systemClock, log });
    opened.push(stream);
    return stream;
  };

  /** Appends, reads and hands on: admin, producer, consumer and transactions each make connections of their own. */
  async function expectToWork(stream: Stream): Promise<void> {
    await stream.append('in', [{ key: 'k', value: { n: 1 } }]);
    for (const [topic, outputs] of [
      ['in', ['out']],
      ['out', []],
    ] as const) {
      const stop = new AbortController();
      for await (const { messages, acknowledge } of stream.subscribe<{ n: number }>(topic, 'g', {
        maxMessages: 10,
        maxWaitMs: 5,
        signal: stop.signal,
      })) {
        expect(messages.map(({ value }) => value)).toEqual([{ n: 1 }]);
        await acknowledge(outputs.map((output) => ({ topic: output, messages: [...messages] })));
        stop.abort();
      }
    }
  }

  async function expectRefusal(overrides: object, setting: string): Promise<void> {
    const refusal: unknown = await open(overrides).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: 'storage.unavailable',
      retryable: false,
      hint: expect.stringContaining(setting),
    });
    expect(String(refusal)).not.toContain('neap');
  }

  describe('Kafka with TLS and SASL', { timeout: 60_000 }, () => {
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
      it(`lets in by ${mechanism} over TLS, and says which setting is wrong where not`, async () => {
        const place = { brokers: secure.sasl, tls: trust };
        await expectToWork(await open({ ...place, sasl: { mechanism, ...KAFKA_USER } }));
        await expectRefusal({ ...place, sasl: { mechanism, ...KAFKA_USER, password: 'neap' } }, 'stream.sasl');
      });
    }

    it('lets in by a certificate of the client, and not without one', async () => {
      const own = { certificate_file: client.certificate, key_file: client.key };
      await expectToWork(await open({ brokers: secure.mutual, tls: { ...trust, ...own } }));
      await expectRefusal({ brokers: secure.mutual, tls: trust }, 'stream.tls');
    });

    it('does not trust a broker whose authority it was not given, or whose name is another', async () => {
      const sasl = { mechanism: 'plain', ...KAFKA_USER };
      await expectRefusal({ brokers: secure.sasl, sasl, tls: {} }, 'stream.tls');
      await expectRefusal({ brokers: secure.sasl, sasl, tls: { ...trust, server_name: 'elsewhere' } }, 'stream.tls');
    });

    it('names the TLS file that cannot be read, and the one that holds no certificate', async () => {
      const missing = { brokers: secure.sasl, tls: { ca_file: `${authority}.missing` } };
      await expect(open(missing)).rejects.toMatchObject({
        code: 'config.invalid',
        message: expect.stringContaining('stream.tls.ca_file'),
      });
      const empty = `${authority}.empty`;
      writeFileSync(empty, 'not a certificate');
      await expectRefusal({ brokers: secure.sasl, tls: { ca_file: empty } }, 'stream.tls');
    });
  });
}
