/**
 * What a chat robot's answer means. DingTalk, WeCom and Feishu answer 200 to everything and put the truth into the body:
 * `errcode` (DingTalk, WeCom) or `code` (Feishu), 0 for taken. A robot that is told too fast is left alone for a while;
 * DingTalk mutes it for ten minutes.
 */
import { TidewatchError } from '../core/errors.ts';

export interface RobotCodes {
  /** Codes that mean "too fast", and how long to wait then. */
  readonly tooFast: readonly number[];
  readonly waitMs: number;
  /** Codes that mean "our fault, try again". */
  readonly busy: readonly number[];
}

/** @throws TidewatchError notify.rejected, notify.unavailable, unless the robot says that it took the message */
export function expectRobotTook(body: string, notifier: string, codes: RobotCodes): void {
  let answer: Record<string, unknown>;
  try {
    answer = JSON.parse(body) as Record<string, unknown>;
  } catch {
    throw new TidewatchError('notify.unavailable', `${notifier}: the robot’s answer is not JSON`);
  }
  const code = Number(answer['errcode'] ?? answer['code'] ?? answer['StatusCode'] ?? NaN);
  if (code === 0) return;
  const words = answer['errmsg'] ?? answer['msg'];
  const said = (typeof words === 'string' ? words : '').replace(/\s+/g, ' ').slice(0, 200);
  const message = `${notifier}: the robot answered ${code} (${said})`;
  if (codes.tooFast.includes(code)) {
    throw new TidewatchError('notify.unavailable', message, { retryAfterMs: codes.waitMs });
  }
  if (codes.busy.includes(code)) throw new TidewatchError('notify.unavailable', message);
  throw new TidewatchError('notify.rejected', message, {
    hint: 'Check the robot’s address, its secret and its other guards (keywords, addresses); then tidewatch notify replay.',
  });
}
