/**
 * One function, run in a worker thread: the script that `keepThread` starts calls `serveThread`. onnxruntime-node's
 * `run` is synchronous whatever its promise says, so a model on the main thread stops the page, the sources and the
 * store for as long as every batch takes. Rejected: a child process, which would need a second copy of the wiring and
 * its own kill handling for a crash that has not been seen.
 */
import { Worker, parentPort, workerData } from 'node:worker_threads';
import { TidewatchError, toTidewatchError, type ErrorCode } from '../../core/errors.ts';

export interface Thread<Request, Reply> {
  /** Calls are answered in order. Rejects with what the function threw, or model.failed when the thread ended meanwhile. */
  call(request: Request): Promise<Reply>;
  /** Lets the calls before it end first. */
  close(): Promise<void>;
}

interface RunningThread<Request, Reply> extends Thread<Request, Reply> {
  /** True once the thread has ended, on purpose or not. */
  ended(): boolean;
}

interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
}

type Answer = { readonly id: number } & ({ readonly reply: unknown } | { readonly failure: Failure });

interface Waiting {
  resolve(reply: unknown): void;
  reject(error: TidewatchError): void;
}

const START = 0;
const CLOSE = -1;

/**
 * Runs `script` (a module that calls `serveThread`) in a thread, and starts it again at the next call if it ever ends.
 * Resolves when it is ready. @throws what the script's `start` threw
 */
export async function keepThread<Request, Reply>(
  script: URL,
  data: unknown,
  onRestart: () => void,
): Promise<Thread<Request, Reply>> {
  let thread = await startThread<Request, Reply>(script, data);
  let starting: Promise<void> | null = null;
  let closed = false;
  const restart = async (): Promise<void> => {
    onRestart();
    try {
      thread = await startThread(script, data);
    } finally {
      starting = null;
    }
  };
  return {
    async call(request) {
      if (closed) throw new TidewatchError('model.failed', "The model's thread is closed.");
      if (thread.ended()) await (starting ??= restart());
      return thread.call(request);
    },
    async close() {
      closed = true;
      await starting?.catch(() => undefined);
      await thread.close();
    },
  };
}

async function startThread<Request, Reply>(script: URL, data: unknown): Promise<RunningThread<Request, Reply>> {
  const worker = new Worker(runnable(script), { workerData: data });
  const waiting = new Map<number, Waiting>();
  let over = false;
  let next = START;

  const end = (reason: string, cause?: unknown): void => {
    over = true;
    for (const { reject } of waiting.values()) {
      reject(new TidewatchError('model.failed', `The model's thread ended: ${reason}`, { cause }));
    }
    waiting.clear();
  };
  worker.on('message', (answer: Answer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('reply' in answer) asked?.resolve(answer.reply);
    else asked?.reject(new TidewatchError(answer.failure.code, answer.failure.message, hintOf(answer.failure)));
  });
  worker.on('error', (error) => end(error.message, error));
  const exited = new Promise<void>((resolve) => {
    worker.on('exit', (code) => {
      end(`exit code ${code}`);
      resolve();
    });
  });
  const expect = (id: number): Promise<unknown> =>
    new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
    });

  await expect(START);
  return {
    ended: () => over,
    call(request) {
      if (over) return Promise.reject(new TidewatchError('model.failed', "The model's thread has ended."));
      next += 1;
      const answer = expect(next);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      worker.postMessage({ id: next, request });
      return answer as Promise<Reply>;
    },
    async close() {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      if (!over) worker.postMessage({ id: CLOSE });
      await exited;
    },
  };
}

export interface Server<Request> {
  answer(request: Request): Promise<unknown>;
  close(): Promise<void>;
}

/** The thread's side: prepares by `start`, then answers one request after the other until told to close. */
export async function serveThread<Request>(start: (data: unknown) => Promise<Server<Request>>): Promise<void> {
  const port = parentPort;
  if (port === null) throw new TidewatchError('internal', 'serveThread is called in a worker thread.');
  const attempt = async (id: number, work: () => Promise<unknown>): Promise<void> => {
    try {
      port.postMessage({ id, reply: await work() } satisfies Answer);
    } catch (thrown) {
      const { code, message, hint } = toTidewatchError(thrown, 'model.failed');
      port.postMessage({ id, failure: { code, message, hint } } satisfies Answer);
    }
  };
  let serving: Awaited<ReturnType<typeof start>> | undefined;
  await attempt(START, async () => {
    serving = await start(workerData);
  });
  if (serving === undefined) return;
  const { answer, close } = serving;
  let last: Promise<void> = Promise.resolve();
  port.on('message', ({ id, request }: { id: number; request: Request }) => {
    last = last.then(async () => {
      if (id !== CLOSE) return attempt(id, () => answer(request));
      await close();
      port.close();
    });
  });
}

/** Node 20 reads no TypeScript in a thread: from source, the thread first takes the loader that `npm run` and tests use. */
function runnable(script: URL): URL {
  if (!script.pathname.endsWith('.ts')) return script;
  const loader = import.meta.resolve('tsx/esm/api');
  const code = `import { register } from '${loader}'; register(); await import('${script.href}');`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

function hintOf({ hint }: Failure): { hint?: string } {
  return hint === undefined ? {} : { hint };
}
