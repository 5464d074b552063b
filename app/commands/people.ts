/**
 * What people do about alerts, from a terminal: `silence`, `ack`, `resolve`, `notify`, `audit`. Each goes through the running
 * server where there is one (app/door.ts), is one row of the log, and takes effect within seconds, or at the next start.
 */
import { Command, InvalidArgumentError } from 'commander';
import type { Action } from '../../core/action.ts';
import { userName } from '../../core/audit.ts';
import type { AuditAnswer, NotificationsAnswer, SilencesAnswer } from '../../dashboards/contract.ts';
import { givenUp } from '../given_up.ts';
import { doorCommand, throughDoor, type DoorOptions } from './through_door.ts';

interface PeopleOptions extends DoorOptions {
  author?: string;
  json?: boolean;
}

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400, w: 7 * 86_400 } as const;

/** A command with the options that all of these have. */
const peopleCommand = (name: string, description: string): Command =>
  doorCommand(name, description).option('--json', 'print JSON');

const authored = (command: Command): Command =>
  command.option('--author <name>', 'who does it (default: the user of this machine)');

const authorOf = ({ author }: PeopleOptions): string => author ?? userName();

async function act(
  options: PeopleOptions,
  path: string,
  body: object,
  done: (action: Action) => string,
): Promise<void> {
  const { action } = await throughDoor(options, (door) =>
    door.post<{ action: Action }>(path, { author: authorOf(options), ...body }),
  );
  process.stdout.write(options.json === true ? `${JSON.stringify(action)}\n` : `${done(action)}\n`);
}

function show(options: PeopleOptions, answer: object, lines: readonly string[], none: string): void {
  if (options.json === true) process.stdout.write(`${JSON.stringify(answer)}\n`);
  else process.stdout.write(`${(lines.length === 0 ? [none] : lines).map(visible).join('\n')}\n`);
}

/** Without control characters: this is a terminal, and others wrote it. */
function visible(line: string): string {
  return line.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, ' ');
}

/** Seconds of 90m, 2h, 3d. */
export function parseDuration(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) throw new InvalidArgumentError('It is such as 90m, 2h or 3d.');
  return Number(count) * UNITS[unit as keyof typeof UNITS];
}

export function silenceCommand(): Command {
  const add = authored(peopleCommand('add', 'silence the alerts that every MATCHER matches'))
    .argument('<matchers...>', 'such as entity=apple, severity!=critical, name=~"Norvale.*"')
    .option('--for <duration>', 'how long, such as 2h', parseDuration)
    .option('--until <time>', 'until when, as ISO 8601')
    .option('--start <time>', 'from when on, as ISO 8601 (default: now)')
    .requiredOption('--comment <text>', 'why')
    .action(async (matchers: string[], given: PeopleOptions & Record<'start' | 'until' | 'comment', string>) => {
      const options = given as PeopleOptions & { start?: string; until?: string; for?: number; comment: string };
      await act(
        options,
        '/silences',
        {
          matchers,
          comment: options.comment,
          ...(options.start !== undefined && { starts_at: options.start }),
          ...(options.until !== undefined && { ends_at: options.until }),
          ...(options.for !== undefined && { duration_secs: options.for }),
        },
        ({ id, request }) => `${id}  until ${request.kind === 'silence' ? request.ends_at : ''}`,
      );
    });
  const list = peopleCommand('list', 'list silences that are not over')
    .option('--all', 'those that are over, too')
    .action(async (options: PeopleOptions & { all?: boolean }) => {
      const path = `/silences${options.all === true ? '?expired=true' : ''}`;
      const answer = await throughDoor(options, (door) => door.get<SilencesAnswer>(path));
      const lines = answer.silences.map(
        ({ id, state, matchers, starts_at, ends_at, author, comment }) =>
          `${id}  ${state}  ${starts_at} to ${ends_at}  ${matchers.join(' ')}  ${author}: ${comment}`,
      );
      show(options, answer, lines, 'No silences.');
    });
  const expire = authored(peopleCommand('expire', 'end a silence now'))
    .argument('<id>', 'as silence list shows it')
    .action((id: string, options: PeopleOptions) =>
      act(options, `/silences/${encodeURIComponent(id)}/expire`, {}, () => `${id} is over`),
    );
  return new Command('silence')
    .description('keep alerts that match from being sent for a while')
    .addCommand(add)
    .addCommand(list)
    .addCommand(expire);
}

export function ackCommand(): Command {
  return authored(peopleCommand('ack', 'acknowledge an alert: it is not repeated any more'))
    .argument('<alert>', 'its id')
    .option('--note <text>', 'what is being done')
    .action((id: string, options: PeopleOptions & { note?: string }) =>
      act(
        options,
        `/alerts/${encodeURIComponent(id)}/acknowledge`,
        { note: options.note ?? '' },
        ({ author }) => `${id} is acknowledged by ${author}`,
      ),
    );
}

export function resolveCommand(): Command {
  return authored(
    peopleCommand('resolve', 'end an alert by hand, and let its series rest; or add a note to one that ended'),
  )
    .argument('<alert>', 'its id')
    .requiredOption('--note <text>', 'why it is over')
    .action((id: string, options: PeopleOptions & { note: string }) =>
      act(
        options,
        `/alerts/${encodeURIComponent(id)}/resolve`,
        { note: options.note },
        ({ author }) => `${id}: noted by ${author}; it ends within seconds, or when alerting runs again`,
      ),
    );
}

export function notifyCommand(): Command {
  const list = peopleCommand('list', 'list what became of notifications, newest first')
    .option('--failed', 'only those that were given up')
    .option('--alert <id>', 'only those of this alert')
    .action(async (options: PeopleOptions & { failed?: boolean; alert?: string }) => {
      const query = new URLSearchParams();
      if (options.failed === true) query.set('status', 'failed');
      if (options.alert !== undefined) query.set('alert_id', options.alert);
      const path = `/notifications${query.size === 0 ? '' : `?${query.toString()}`}`;
      const answer = await throughDoor(options, (door) => door.get<NotificationsAnswer>(path));
      const lines = answer.notifications.map(({ item, notifier, status, at, reason }) =>
        `${at}  ${status}  ${notifier}  ${item}  ${reason}`.trimEnd(),
      );
      show(options, answer, lines, 'No notifications.');
    });
  const replay = authored(peopleCommand('replay', 'send notifications that were given up once more'))
    .argument('[notification]', 'its id; all where absent', '*')
    .action(async (notification: string, options: PeopleOptions) => {
      const [failed, sent] = await throughDoor(options, async (door) => [
        await door.get<NotificationsAnswer>('/notifications?status=failed'),
        await door.get<NotificationsAnswer>('/notifications?status=sent'),
      ]);
      if (givenUp(notification, failed?.notifications ?? [], sent?.notifications ?? []).length === 0) {
        const what = notification === '*' ? 'No notification' : `No notification ${notification}`;
        return show(options, { given_up: 0 }, [], `${what} was given up: there is nothing to send again.`);
      }
      return act(
        options,
        '/notifications/replay',
        { notification },
        () => 'They are sent again within seconds, or when alerting runs again.',
      );
    });
  return new Command('notify').description('see and repeat notifications').addCommand(list).addCommand(replay);
}

export function auditCommand(): Command {
  return peopleCommand(
    'audit',
    'list who changed what and when, newest first: silences, feedback, what was forgotten, settings',
  )
    .argument('[id]', 'only what concerns this alert, silence, document or other thing')
    .option('--actor <name>', 'only what this token, or command:user, did')
    .option('--all', 'all of it, not the newest 200 only')
    .action(async (id: string | undefined, options: PeopleOptions & { actor?: string; all?: boolean }) => {
      const changes: AuditAnswer['changes'][number][] = [];
      await throughDoor(options, async (door) => {
        let cursor: string | null = null;
        do {
          const query = new URLSearchParams({
            ...(id !== undefined && { target: id }),
            ...(options.actor !== undefined && { actor: options.actor }),
            ...(cursor !== null && { cursor }),
          });
          const answer: AuditAnswer = await door.get<AuditAnswer>(`/audit?${query.toString()}`);
          changes.push(...answer.changes);
          cursor = answer.next_cursor;
        } while (options.all === true && cursor !== null);
      });
      const lines = changes.map(({ at, actor, role, via, operation, target, address, detail }) =>
        `${at}  ${actor} (${[role, via, address].filter((part) => part !== '').join(', ')})  ${operation}  ${target}  ${detail}`.trimEnd(),
      );
      show(options, { changes }, lines, 'Nobody changed anything.');
    });
}
