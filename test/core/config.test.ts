import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import { componentSchema, parseSettings } from '../../core/config.ts';
import { configText } from '../../core/config_text.ts';
import { TidewatchError } from '../../core/errors.ts';
import { withoutSecrets } from '../../core/secret.ts';
import { gbk } from '../ingest/gbk.ts';

const lamp = defineComponent({
  name: 'lamp',
  summary: 'Shines.',
  settings: z.strictObject({ watts: z.number().positive().describe('Power.'), token: z.string().optional() }),
  create: () => 'lamp',
});
const bell = defineComponent({
  name: 'bell',
  summary: 'Rings.',
  settings: z.strictObject({ volume: z.number().default(1) }),
  create: () => 'bell',
});
const schema = z.strictObject({
  port: z.number().int().default(80),
  nested: z.strictObject({ threshold: z.number() }).optional(),
  things: z.array(componentSchema([lamp, bell])).default([]),
});

function refusal(source: string, environment: NodeJS.ProcessEnv = {}): string {
  try {
    parseSettings(source, 'file.yaml', schema, environment);
  } catch (error) {
    if (error instanceof TidewatchError) return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('the text of a file', () => {
  it('is UTF-8, with its byte order mark where it has one', () => {
    expect(configText(Buffer.from('name: 贵州茅台'), 'a.yaml')).toBe('name: 贵州茅台');
    expect(configText(Buffer.from('\ufeffname: é'), 'a.yaml')).toBe('\ufeffname: é');
    expect(parseSettings('\ufeffport: 1\n', 'a.yaml', schema)).toMatchObject({ port: 1 });
  });

  it.each([
    ['GBK', gbk('entities:\n  - { id: moutai, name: 贵州茅台 }\n'), ' (it looks like GBK)'],
    ['UTF-16', Buffer.from('\ufeffport: 1\n', 'utf16le'), ' (it looks like UTF-16)'],
    ['windows-1252', Buffer.from('name: Société Générale, Crédit', 'latin1'), ''],
  ])('is refused in %s, which is named where it can be told', (_, bytes, likely) => {
    expect(() => configText(bytes, 'a.yaml')).toThrow(
      expect.objectContaining({
        code: 'config.unreadable',
        message: `a.yaml is not UTF-8${likely}; save it as UTF-8`,
      }),
    );
  });
});

describe('settings', () => {
  it('take defaults, and a component without a name takes its type as name', () => {
    expect(parseSettings('things:\n  - type: bell\n', 'file.yaml', schema)).toEqual({
      port: 80,
      things: [{ type: 'bell', name: 'bell', volume: 1 }],
    });
  });

  it('accept an empty file', () => {
    expect(parseSettings('', 'file.yaml', schema)).toEqual({ port: 80, things: [] });
  });

  it('refuse an unknown key with its line and the nearest right one', () => {
    expect(refusal('port: 1\nnested:\n  treshold: 2\n')).toMatch(
      /nested\.treshold \(file\.yaml:3\): unknown setting; did you mean threshold\?/,
    );
    expect(refusal('things:\n  - type: lamp\n    wats: 3\n')).toMatch(
      /things\.0\.wats \(file\.yaml:3\): unknown setting; did you mean watts\?/,
    );
  });

  it('refuse an unknown component type with the ones there are', () => {
    expect(refusal('things:\n  - type: lmap\n')).toMatch(
      /unknown type "lmap"; did you mean lamp\? \(one of lamp, bell\)/,
    );
    expect(refusal('things:\n  - watts: 3\n')).toMatch(/missing/);
  });

  it('name the rule and the value, all problems at once', () => {
    const message = refusal('port: eighty\nthings:\n  - {type: lamp, watts: -1}\n');
    expect(message).toContain('2 problems');
    expect(message).toContain('it is "eighty"');
    expect(message).toContain('it is -1');
  });

  it('never show the value of a secret', () => {
    expect(refusal('things:\n  - {type: lamp, watts: 1, token: 12345}\n')).not.toContain('12345');
  });

  it('take environment variables, with fallbacks, and refuse one that is not set', () => {
    const parsed = parseSettings(
      'things:\n  - {type: lamp, watts: 1, token: "${SECRET}-${OTHER:-x}"}',
      'file.yaml',
      schema,
      { SECRET: 's' },
    );
    expect(parsed.things[0]).toMatchObject({ token: 's-x' });
    expect(refusal('things:\n  - {type: lamp, watts: 1, token: "${SECRET}"}')).toContain('SECRET is not set');
  });

  it('take a number, or true and false, from the environment where a setting wants one, and leave texts of digits alone', () => {
    const wide = schema.extend({ on: z.boolean().optional(), user: z.string().optional() });
    const source =
      'port: ${PORT:-8080}\non: ${ON}\nuser: ${USER_ID}\nthings:\n  - {type: lamp, watts: "${WATTS}", token: "${TOKEN}"}';
    const environment = { ON: 'true', USER_ID: '007', WATTS: '1.5', TOKEN: '123456' };
    expect(parseSettings(source, 'file.yaml', wide, environment)).toEqual({
      port: 8080,
      on: true,
      user: '007',
      things: [{ type: 'lamp', name: 'lamp', watts: 1.5, token: '123456' }],
    });
    expect(refusal('port: ${PORT}\n', { PORT: 'eighty' })).toMatch(
      /port \(file\.yaml:1\): .*expected number, received string; it is "eighty"/,
    );
    expect(refusal('port: "8${PORT}"\n', { PORT: '0' })).toContain('it is "80"');
    expect(refusal('port: ${PORT}\n', { PORT: '1.5' })).toContain('it is 1.5');
  });

  it('take a password with a bare percent sign in an address, and hide it', () => {
    const addressed = z.strictObject({ url: z.url() });
    for (const [written, meant] of [
      ['100%paint', '100%paint'],
      ['50%25off%2Fwall', '50%off/wall'],
    ]) {
      const url = `http://u:${written}@host:8123`;
      expect(parseSettings(`url: '${url}'`, 'file.yaml', addressed, {})).toEqual({ url });
      expect(withoutSecrets(`it is ${meant} here`)).toBe('it is *** here');
    }
  });

  it('take a secret from a file beside the settings, without its final newline', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidewatch-config-'));
    writeFileSync(join(folder, 'token.txt'), 'from a file\n');
    const path = join(folder, 'settings.yaml');
    const parsed = parseSettings('things:\n  - {type: lamp, watts: 1, token_file: token.txt}', path, schema, {});
    expect(parsed.things[0]).toMatchObject({ token: 'from a file' });
    expect(refusal('things:\n  - {type: lamp, watts: 1, token_file: absent.txt}')).toContain(
      'absent.txt cannot be read',
    );
  });

  it('are not shown in a refusal where they are secret, also when they are too short or one of several', () => {
    const secret = z.strictObject({
      author_salt: z.string().min(8).optional(),
      tokens: z.array(z.string().min(8)).optional(),
    });
    for (const source of ['author_salt: abc1', 'tokens: [abc1]']) {
      try {
        parseSettings(source, 'file.yaml', secret, {});
      } catch (error) {
        expect(String(error)).toContain('its value is not shown');
        expect(String(error)).not.toContain('abc1');
        continue;
      }
      throw new Error('it was accepted');
    }
  });

  it('say in plain words what is empty, what is missing, and which addresses are meant', () => {
    const wide = schema.extend({ url: z.url({ protocol: /^https?$/ }), other: z.url().optional() });
    const said = (source: string): string => {
      try {
        parseSettings(source, 'file.yaml', wide, {});
      } catch (error) {
        return (error as Error).message;
      }
      throw new Error('it was accepted');
    };
    const message = said('nested:\n  # threshold: 1\nthings:\nport:\n');
    expect(message.split('\n').slice(1)).toEqual([
      '  - port (file.yaml:4): is empty: delete the line or give it a value',
      '  - nested (file.yaml:1): is empty: delete the line or put settings under it',
      '  - things (file.yaml:3): is empty: delete the line or put a list under it',
      '  - url: is missing',
    ]);
    expect(said('url: ftp://a/b\nother: b\nnested: {}\n').split('\n').slice(1)).toEqual([
      '  - nested.threshold (file.yaml:3): is missing',
      '  - url (file.yaml:1): must be an http or https address; it is "ftp://a/b"',
      '  - other (file.yaml:2): Invalid URL; it is "b"',
    ]);
  });

  it('name the colon of a Chinese keyboard behind a setting, and not one within a text', () => {
    expect(() => parseSettings('port: 1\nnested：\n  threshold: 1\n', 'file.yaml', schema)).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/^file\.yaml:2 has a full-width colon .*：/) as string }),
    );
    expect(() => parseSettings('port: [\n# 注意：端口\n', 'file.yaml', schema)).toThrow(
      expect.objectContaining({ hint: undefined }),
    );
    expect(refusal('port：80\n')).toContain('the file as a whole: has a full-width colon');
    expect(refusal('nested:\n  threshold：1\n')).toContain('nested (file.yaml:1): has a full-width colon');
    expect(refusal('things:\n  - type：lamp\n')).toContain('full-width colon');
  });

  it('count a file of a secret that cannot be read once, also where the secret is required', () => {
    const guarded = z.strictObject({ token: z.string() });
    const refused = (name: string): string => {
      try {
        parseSettings(`token_file: ${name}\n`, join(tmpdir(), 'file.yaml'), guarded, {});
      } catch (error) {
        return (error as Error).message;
      }
      throw new Error('it was accepted');
    };
    expect(refused('absent.txt')).toMatch(/has one problem:\n {2}- token_file: the file absent\.txt cannot be read$/);
    const folder = mkdtempSync(join(tmpdir(), 'tidewatch-config-'));
    const wide = join(folder, 'token.txt');
    // As PowerShell writes it.
    writeFileSync(wide, Buffer.from('\ufeffa-secret', 'utf16le'));
    expect(refused(wide)).toContain(
      `token_file: the file ${wide} is not UTF-8 (it looks like UTF-16); save it as UTF-8`,
    );
  });

  it('hold to the rules between the settings of a component', () => {
    const door = defineComponent({
      name: 'door',
      summary: 'Opens.',
      settings: z
        .object({ open: z.boolean().default(false), key: z.string().optional() })
        .refine(({ open, key }) => !open || key !== undefined, { path: ['key'], message: 'an open door needs a key' }),
      create: () => 'door',
    });
    const doors = z.strictObject({ doors: z.array(componentSchema([door, bell])) });
    const open = 'doors:\n  - { type: door, open: true }\n';
    expect(() => parseSettings(open, 'file.yaml', doors)).toThrow(/doors\.0\.key .*an open door needs a key/);
    expect(parseSettings('doors: [{ type: door }, { type: bell }]', 'file.yaml', doors).doors).toHaveLength(2);
  });

  it('say where YAML is broken', () => {
    expect(refusal('port: [1\n')).toMatch(/not valid YAML/);
  });

  it('say where an alias stands for nothing, and refuse aliases that would fill the memory', () => {
    expect(refusal('port: 1\nthings: [*foo]\n')).toMatch(/^file\.yaml:2: the alias \*foo stands for nothing$/);
    expect(parseSettings('port: &p 7\nnested: { threshold: *p }\n', 'file.yaml', schema)).toMatchObject({
      nested: { threshold: 7 },
    });
    const ten = (name: string): string => `[${Array.from({ length: 10 }, () => name).join(', ')}]`;
    const bomb = `a: &a ${ten('x')}\nb: &b ${ten('*a')}\nc: &c ${ten('*b')}\nd: ${ten('*c')}\n`;
    expect(refusal(bomb)).toMatch(/^file\.yaml is not valid YAML: .*alias/i);
  });
});
