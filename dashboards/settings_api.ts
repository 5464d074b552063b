/** The settings file by routes, for administrators: shown without secrets, checked, kept. What knows the file is given (services.ts). */
import { z } from 'zod';
import { TidewatchError } from '../core/errors.ts';
import { settingsCheckAnswer, settingsFileAnswer, settingsWritten } from './answers/settings_file.ts';
import type { Answer } from './contract.ts';
import { defineRoute } from './route.ts';
import type { ApiServices } from './services.ts';

/** A longer one does not fit into a request (router.ts), and is edited by hand. */
export const MOST_SETTINGS_CHARACTERS = 10_000;
const text = z.string().max(MOST_SETTINGS_CHARACTERS);

/** What this process can do with its settings file; null where it has none (services.ts). */
export interface SettingsDesk {
  show(): Promise<Answer<typeof settingsFileAnswer>>;
  /** @throws TidewatchError input.unprocessable for a mark in a wrong place */
  check(text: string): Promise<Answer<typeof settingsCheckAnswer>>;
  /** @throws TidewatchError input.conflict, input.unprocessable, storage.read_only */
  save(text: string, version: string): Promise<Answer<typeof settingsWritten>>;
}

function deskOf({ settingsFile }: ApiServices): SettingsDesk {
  if (settingsFile !== null && settingsFile !== undefined) return settingsFile;
  throw new TidewatchError('model.missing', 'This process shows no settings file.');
}

const settingsFile = defineRoute({
  method: 'get',
  path: '/settings',
  role: 'admin',
  subject: 'Settings',
  summary: 'The settings file, without its secrets',
  response: settingsFileAnswer,
  problems: [501],
  handler: (_, services) => deskOf(services).show(),
});

const checkSettings = defineRoute({
  method: 'post',
  path: '/settings/check',
  role: 'admin',
  subject: 'Settings',
  summary: 'Whether a changed text is right, and what it would change; nothing is kept',
  body: z.strictObject({ text }),
  response: settingsCheckAnswer,
  problems: [501],
  target: () => null,
  handler: ({ body }, services) => deskOf(services).check(body.text),
});

const saveSettings = defineRoute({
  method: 'post',
  path: '/settings',
  role: 'admin',
  subject: 'Settings',
  summary: 'Keep a changed settings file; what was there before is kept beside it',
  description:
    'Only one that is right. Nothing is taken up by it: the answer says what a signal takes up, and what a restart.',
  body: z.strictObject({ text, version: z.string().max(64) }),
  response: settingsWritten,
  problems: [409, 501],
  target: () => 'settings',
  detail: (_, { changed }) => JSON.stringify({ changed: changed.map(({ section }) => section) }),
  handler: ({ body }, services) => deskOf(services).save(body.text, body.version),
});

export const settingsRoutes = { settingsFile, checkSettings, saveSettings };
