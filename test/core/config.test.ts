import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import { componentSchema, parseSettings } from '../../core/config.ts';
import { TidewatchError } from '../../core/errors.ts';

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

  it('say where YAML is broken', () => {
    expect(refusal('port: [1\n')).toMatch(/not valid YAML/);
  });
});
