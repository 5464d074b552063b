import { describe, expect, it } from 'vitest';
import { createReplayClock } from '../../core/clock.ts';
import { explainError, redactUrl, TidewatchError, toTidewatchError } from '../../core/errors.ts';
import { stableId } from '../../core/event.ts';
import { startAll, type Service } from '../../core/lifecycle.ts';

function service(name: string, calls: string[], failing = false): Service {
  return {
    name,
    async start() {
      calls.push(`start ${name}`);
      if (failing) throw new Error(`${name} failed`);
    },
    async stop() {
      calls.push(`stop ${name}`);
    },
  };
}

describe('starting and stopping', () => {
  it('stops in the reverse order of starting', async () => {
    const calls: string[] = [];
    const stop = await startAll([service('a', calls), service('b', calls)]);
    await stop();
    expect(calls).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  });

  it('stops what already runs when a later start fails, and passes the failure on', async () => {
    const calls: string[] = [];
    await expect(startAll([service('a', calls), service('b', calls, true)])).rejects.toThrow('b failed');
    expect(calls).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  });
});

describe('the replay clock', () => {
  it('moves forward only', () => {
    const clock = createReplayClock(10);
    clock.advanceTo(50);
    clock.advanceTo(20);
    expect(clock.now()).toBe(50);
  });
});

describe('errors', () => {
  it('show message, code and hint, and no stack', () => {
    const error = new TidewatchError('server.port_taken', 'Port 1 is taken', { hint: 'Take another.' });
    expect(explainError(error)).toBe('Port 1 is taken [server.port_taken]\n  Take another.');
  });

  it('tell a full disk from a read-only one by the system code', () => {
    expect(toTidewatchError(Object.assign(new Error('write'), { code: 'ENOSPC' })).code).toBe('storage.full');
    expect(toTidewatchError(Object.assign(new Error('open'), { code: 'EROFS' })).code).toBe('storage.read_only');
    expect(toTidewatchError('text').code).toBe('internal');
  });

  it('show URLs without user, password and query', () => {
    expect(redactUrl('https://user:pass@host.example/path?key=secret#x')).toBe('https://host.example/path?…');
  });
});

describe('stable ids', () => {
  it('differ when parts are joined differently', () => {
    expect(stableId('ab', 'c')).not.toBe(stableId('a', 'bc'));
    expect(stableId('ab', 'c')).toMatch(/^[0-9a-f]{32}$/);
  });
});
