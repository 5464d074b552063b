/** What failures of kafkajs are told apart by: kafkajs wraps them, up to three times. */
import { describe, expect, it } from 'vitest';
import { isCoordinatorBusy, isFenced } from '../../../core/stream/kafka_client.ts';

function protocolError(type: string): Error {
  return Object.assign(new Error(`the broker says ${type}`), { name: 'KafkaJSProtocolError', type, retriable: true });
}
const wrapped = (cause: Error): Error =>
  new Error('gave up', {
    cause: Object.assign(new Error('retries', { cause }), { name: 'KafkaJSNumberOfRetriesExceeded' }),
  });

describe('failures of kafkajs', () => {
  it.each(['GROUP_LOAD_IN_PROGRESS', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR_FOR_GROUP'])(
    'knows %s for a broker that is not ready yet',
    (type) => {
      expect(isCoordinatorBusy(protocolError(type))).toBe(true);
      expect(isCoordinatorBusy(wrapped(protocolError(type)))).toBe(true);
    },
  );

  it('does not wait for what does not pass', () => {
    for (const type of ['GROUP_AUTHORIZATION_FAILED', 'UNKNOWN_TOPIC_OR_PARTITION', 'PRODUCER_FENCED'])
      expect(isCoordinatorBusy(protocolError(type)), type).toBe(false);
  });

  it('knows a producer that another has fenced', () => {
    expect(isFenced(wrapped(protocolError('PRODUCER_FENCED')))).toBe(true);
    expect(isFenced(wrapped(protocolError('GROUP_LOAD_IN_PROGRESS')))).toBe(false);
  });
});
