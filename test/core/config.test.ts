import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import { componentSchema, parseSettings } from '../../core/config.ts';
import { TidewatchError } from '../../core/errors.ts';
import { withoutSecrets } from '../../core/secret.ts';

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
