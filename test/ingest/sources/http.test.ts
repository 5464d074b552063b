import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../core/clock.ts';
import { createComponent } from '../../../core/config.ts';
import { sources } from '../../../ingest/registry.ts';
import { ingestSettings } from '../../../ingest/settings.ts';
import { describeSourceContract, type OfferedItem } from '../../contracts/source.ts';
import type { Stream } from '../../../core/stream/stream.ts';
import { gbk } from '../gbk.ts';
import { eventually, hastyClock, openWorkbench, type Workbench } from '../workbench.ts';
import { freePort } from '../../free_port.ts';

const TOKEN = 'a-token-of-some-length';

describeSourceContract('http', async () => {
  const port = await freePort();
  const closing = new AbortController();
  const post = async (body: string): Promise<void> => {
    while (!closing.signal.aborted) {
      const status = await fetch(`http://127.0.0.1:${port}/documents`, {
        method: 'POST',
        body,
        signal: closing.signal,
      }).then(
        (response) => response.status,
        () => 0,
      );
      if (status === 202 || status === 400) return;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  };
  return {
    settings: { type: 'http', name: 'posted', port },
    offer: (items: readonly OfferedItem[]) =>
      post(JSON.stringify(items.map(({ id, text, time }) => ({ id, text, published_at: time })))),
    offerGarbage: () => post('{"text": '),
    close: async () => closing.abort(),
  };
});

describe('an http source', { timeout: 60_000 }, () => {
  let bench: Workbench;
  let url: string;
  let port: number;
  beforeEach(async () => {
    bench = await openWorkbench();
    port = await freePort();
    url = `http://127.0.0.1:${port}/documents`;
  });
  afterEach(() => bench.close());

  const start = async (more: object = {}, over: { stream?: Stream; clock?: Clock } = {}) => {
    const stage = await bench.start({ sources: [{ type: 'http', name: 'h', port, ...more }] }, over);
    await eventually(() => stage.health()[0]?.status === 'ok');
    return stage;
  };
  const post = async (body: string | Buffer<ArrayBuffer>, headers: Record<string, string> = {}) => {
    const response = await fetch(url, { method: 'POST', body, headers });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    };
  };

  it('takes one object, a list, or one object a line, and counts what became of each', async () => {
    await start();
    expect(await post('{"text":"one","author":"ann"}')).toMatchObject({
      status: 202,
      body: { accepted: 1, rejected: [] },
    });
    const list = await post('[{"text":"two"},{"title":""},"three",{"text":"  "},{"text":"one","author":"ann"}]');
    expect(list.status).toBe(202);
    expect(list.body).toMatchObject({
      accepted: 1,
      duplicates: 1,
      rejected: [{ index: 1 }, { index: 2 }, { index: 3 }],
    });
    const lines = await post('{"text":"four"}\nnot json\n\n{"text":"five"}\n', {
      'content-type': 'application/x-ndjson',
    });
    expect(lines.body).toMatchObject({
      accepted: 2,
      rejected: [{ index: 1, reason: expect.stringContaining('not JSON') as string }],
    });
    expect((await bench.documents(4)).map(({ text, source_class }) => `${text} ${source_class}`)).toEqual([
      'one social', 'two social', 'four social', 'five social',
    ]); // prettier-ignore
  });

  it('reads times without a zone in the zone of its settings', async () => {
    await start({ time_zone: 'Asia/Shanghai' });
    await post(
      '[{"text":"one","published_at":"2024年3月5日 下午3:30"},{"text":"two","published_at":"2024-03-05T10:30Z"}]',
    );
    expect((await bench.documents(2)).map(({ published_at }) => published_at)).toEqual([
      '2024-03-05T07:30:00.000Z',
      '2024-03-05T10:30:00.000Z',
    ]);
  });

  it.each([
    ['', 'no document'],
    ['{"text":', 'not JSON'],
    ['[]', 'no document'],
    ['<xml/>', 'not JSON'],
  ])('answers 400 with the reason to the body %j', async (body, reason) => {
    await start();
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain(reason);
  });

  it('answers 400 to a body that is not UTF-8 and does not say what it is, and 415 to a charset that nobody knows', async () => {
    await start();
    const chinese = gbk('{"text":"贵州茅台股价大跌"}');
    const answer = await post(chinese);
    expect(answer).toMatchObject({ status: 400, body: { error: 'The body is not UTF-8; post UTF-8.' } });
    expect((await post(chinese, { 'content-type': 'application/json; charset=utf-8' })).status).toBe(400);
    const unknown = await post('{"text":"a"}', { 'content-type': 'application/json; charset=klingon' });
    expect(unknown).toMatchObject({ status: 415, body: { error: expect.stringContaining('klingon') as string } });
  });

  it('reads a body by the charset that it names, unless it can be nothing but UTF-8', async () => {
    await start();
    const texts = ['贵州茅台股价大跌', '恒大债务违约', '诺维银行暂停提款'];
    const [first = '', second = '', third = ''] = texts.map((text) => JSON.stringify({ text }));
    const named = (charset: string) => ({ 'content-type': `application/json; charset=${charset}` });
    expect((await post(gbk(first), named('GBK'))).status).toBe(202);
    expect((await post(Buffer.from(second, 'utf16le'), named('utf-16le'))).status).toBe(202);
    expect((await post(third, named('iso-8859-1'))).status).toBe(202);
    const accented = 'Société Générale chute';
    expect((await post(JSON.stringify({ text: accented }), named('iso-8859-1'))).status).toBe(202);
    expect((await bench.documents(4)).map(({ text }) => text)).toEqual([...texts, accented]);
  });

  it('answers 401 without the token, and takes documents with it', async () => {
    await start({ token: TOKEN });
    for (const given of [undefined, 'Bearer wrong', `Basic ${TOKEN}`, TOKEN, `Bearer ${TOKEN}x`]) {
      const answer = await post('{"text":"a"}', given === undefined ? {} : { authorization: given });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    }
    expect((await post('{"text":"a"}', { authorization: `Bearer ${TOKEN}` })).status).toBe(202);
    expect(JSON.stringify(bench.lines)).not.toContain(TOKEN);
  });

  it('takes each of several tokens', async () => {
    const second = 'another-token-of-some-length';
    await start({ token: TOKEN, more_tokens: [second] });
    for (const token of [TOKEN, second]) {
      expect((await post(`{"text":"by ${token}"}`, { authorization: `Bearer ${token}` })).status).toBe(202);
    }
    expect((await post('{"text":"a"}', { authorization: 'Bearer neither-of-these-two' })).status).toBe(401);
    expect((await post('{"text":"a"}')).status).toBe(401);
  });

  it('gives the first answer again under the same Idempotency-Key, also after a restart, and takes nothing twice', async () => {
    const stage = await start();
    const body = '[{"text":"one and only"},{"title":""}]';
    const first = await post(body, { 'idempotency-key': '"8e03978e-40d5-43dd-bc93-6894a57f9324"' });
    expect(first).toMatchObject({ status: 202, body: { accepted: 1, duplicates: 0, rejected: [{ index: 1 }] } });
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    await stage.stop();
    await start();
    const again = await post(body, { 'idempotency-key': '8e03978e-40d5-43dd-bc93-6894a57f9324' });
    expect(again).toMatchObject({ status: 202, body: first.body });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect((await post(body)).body).toMatchObject({ accepted: 0, duplicates: 1 });
    expect(await bench.documents(1)).toHaveLength(1);
  });

  it('answers 422 to the same key with another body, 409 while the first is worked on, 400 to a key that is none', async () => {
    let letGo: () => void = () => undefined;
    const room = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const append: Stream['append'] = async (topic, messages, signal) => {
      await room;
      return bench.stream.append(topic, messages, signal);
    };
    await start({}, { stream: { ...bench.stream, append } });
    const slow = post('{"text":"slow"}', { 'idempotency-key': 'k1' });
    await eventually(async () => (await post('{"text":"slow"}', { 'idempotency-key': 'k1' })).status === 409);
    letGo();
    expect((await slow).status).toBe(202);
    expect((await post('{"text":"other"}', { 'idempotency-key': 'k1' })).status).toBe(422);
    expect((await post('{"text":"a"}', { 'idempotency-key': 'x'.repeat(256) })).status).toBe(400);
  });

  it('keeps a key free where the post was not taken, and forgets it after a day', async () => {
    const clock = { now: () => Date.now() + shift, sleep: hastyClock.sleep };
    let shift = 0;
    await start({}, { clock });
    expect((await post('nonsense', { 'idempotency-key': 'k' })).status).toBe(400);
    expect((await post('{"text":"first"}', { 'idempotency-key': 'k' })).status).toBe(202);
    shift = 26 * 3_600_000;
    expect((await post('{"text":"second"}', { 'idempotency-key': 'other' })).status).toBe(202);
    expect((await post('{"text":"third"}', { 'idempotency-key': 'k' })).body).toMatchObject({ accepted: 1 });
  });

  it('has a key free again a day after, also for a client that uses no other', async () => {
    const clock = { now: () => Date.now() + shift, sleep: hastyClock.sleep };
    let shift = 0;
    await start({}, { clock });
    const key = { 'idempotency-key': 'daily' };
    expect((await post('{"text":"of the first day"}', key)).status).toBe(202);
    shift = 23 * 3_600_000;
    expect((await post('{"text":"of the first day"}', key)).headers.get('idempotency-replayed')).toBe('true');
    expect((await post('{"text":"too early"}', key)).status).toBe(422);
    shift = 24 * 3_600_000 + 1;
    expect((await post('{"text":"of the second day"}', key)).body).toMatchObject({ accepted: 1 });
    // A sweep of what the first day left must not take the second one's answer with it.
    shift += 2 * 3_600_000;
    expect((await post('{"text":"under another key"}', { 'idempotency-key': 'other' })).status).toBe(202);
    expect((await post('{"text":"of the second day"}', key)).headers.get('idempotency-replayed')).toBe('true');
  });

  it('frees a key of a version before, which wrote its time beside it only', async () => {
    const { signal } = new AbortController();
    const { state } = bench.context('h', signal);
    const id = createHash('sha256').update('h\ndaily').digest('hex');
    const now = Math.floor(Date.now() / 3_600_000);
    const write = async (hour: number): Promise<void> => {
      await state.table('ingest_http_keys').put(id, { status: 202, body: {}, fingerprint: 'x' });
      await state.table('ingest_http_keys_by_hour').put(`${String(hour).padStart(9, '0')}:${id}`, true);
    };
    await start();
    await write(now + 5);
    expect((await post('{"text":"a"}', { 'idempotency-key': 'daily' })).status).toBe(422);
    await write(now - 5);
    expect((await post('{"text":"a"}', { 'idempotency-key': 'daily' })).status).toBe(202);
  });

  it('is refused at the start where it listens to the network without a token', async () => {
    await expect(bench.start({ sources: [{ type: 'http', host: '0.0.0.0' }] })).rejects.toThrow(/a token is required/);
    const open = {
      sources: [
        { type: 'http', host: '0.0.0.0', more_tokens: [TOKEN] },
        { type: 'rss', url: 'http://a' },
      ],
    };
    expect(ingestSettings.safeParse(open).success).toBe(true);
  });

  it('answers 413 naming the limit, to an announced length and to one that only shows while reading', async () => {
    await start({ max_bytes: 2000 });
    const announced = await post(JSON.stringify({ text: 'x'.repeat(5000) }));
    expect(announced).toMatchObject({
      status: 413,
      body: { error: expect.stringContaining('max_bytes (2000)') as string },
    });
    const stream = new ReadableStream({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('x'.repeat(1000))),
    });
    const chunked = await fetch(url, { method: 'POST', body: stream, duplex: 'half' } as RequestInit).catch(() => null);
    if (chunked !== null) expect(chunked.status).toBe(413);
    expect((await post('{"text":"still here"}')).status).toBe(202);
  });

  it('rejects a single document over its limit and takes the others', async () => {
    await start({ max_document_bytes: 1000 });
    const answer = await post(JSON.stringify([{ text: 'x'.repeat(2000) }, { text: 'fine' }]));
    expect(answer.body).toMatchObject({
      accepted: 1,
      rejected: [{ index: 0, reason: expect.stringContaining('max_document_bytes') as string }],
    });
  });

  it.each([
    ['GET', '/documents', 405], ['POST', '/other', 404], ['PUT', '/documents', 405],
  ])('answers %s %s with %i', async (method, path, status) => {
    await start();
    expect((await fetch(new URL(path, url), { method })).status).toBe(status);
  }); // prettier-ignore

  it('refuses compressed bodies', async () => {
    await start();
    expect((await post('{}', { 'content-encoding': 'gzip' })).status).toBe(415);
  });

  it('answers 429 with Retry-After while the stream has no room, and the same post later is taken once', async () => {
    let isFull = true;
    const stream: Stream = {
      ...bench.stream,
      append: (topic, messages, signal) =>
        isFull
          ? new Promise((_, reject) => {
              const giveUp = (): void => reject(signal?.reason as Error);
              if (signal?.aborted === true) giveUp();
              else signal?.addEventListener('abort', giveUp);
            })
          : bench.stream.append(topic, messages, signal),
    };
    await start({ timeout_ms: 200 }, { stream });
    const answer = await post('{"text":"patience","id":"p"}');
    expect(answer.status).toBe(429);
    expect(answer.headers.get('retry-after')).toBe('5');
    isFull = false;
    expect((await post('{"text":"patience","id":"p"}')).body).toMatchObject({ accepted: 1 });
    const [document] = await bench.documents(1);
    expect(document).toMatchObject({ novelty: 100, story: document?.id });
  });

  it('lets no slow client hold it: one that sends drop by drop is cut off', async () => {
    await start({ timeout_ms: 1500 }); // Long enough for the honest client below on a busy machine.
    const socket = connect(port, '127.0.0.1');
    socket.write('POST /documents HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n');
    const timer = setInterval(() => socket.write('x'), 50);
    socket.on('error', () => undefined).resume();
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(timer);
    expect((await post('{"text":"next"}')).status).toBe(202);
  });

  it('says once that its port is taken, goes on trying, and listens when it is free', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => {
      blocker.listen(port, '127.0.0.1', resolve);
    });
    const stage = await bench.start({ sources: [{ type: 'http', name: 'h', port }] });
    await eventually(() => stage.health()[0]?.status === 'failing');
    expect(stage.health()[0]?.reason).toContain(`127.0.0.1:${port} is in use`);
    await eventually(async () => (await bench.metric('tidewatch_errors_total', { code: 'server.port_taken' })) > 3);
    expect(bench.lines.filter(({ level }) => level >= 40)).toHaveLength(1);
    await new Promise((resolve) => blocker.close(resolve));
    await eventually(() => stage.health()[0]?.status === 'ok');
    expect((await post('{"text":"a"}')).status).toBe(202);
  });

  it('does not mind garbage instead of HTTP', async () => {
    await start();
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write(Buffer.from([0, 1, 2, 3, 13, 10, 13, 10]));
    await new Promise((resolve) => socket.once('close', resolve));
    expect((await post('{"text":"a"}')).status).toBe(202);
  });

  it('is known by name to the registry', async () => {
    const stop = new AbortController();
    await expect(createComponent(sources, { type: 'htp', name: 'x' }, bench.context('x', stop.signal))).rejects.toThrow(
      'htp',
    );
  });
});
