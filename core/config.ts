/**
 * Settings from YAML, with refusals a person can act on: the place (file, line), the rule, the value, the nearest right
 * name. `${NAME}` takes an environment variable, `<key>_file` takes a secret from a file. Unknown keys are refused:
 * a misspelt setting that is silently ignored is the commonest way for a monitor to watch nothing.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isScalar, parseDocument } from 'yaml';
import { z } from 'zod';
import type { Component, Context } from './component.ts';
import { describeIssue } from './config_refusal.ts';
import { configText } from './config_text.ts';
import { readYaml } from './config_yaml.ts';
import { TidewatchError } from './errors.ts';
import { hideSecretsIn } from './secret.ts';

type AnyComponent<Instance> = Component<z.ZodObject, Instance>;

export interface ComponentSettings {
  type: string;
  name: string;
  [setting: string]: unknown;
}

/**
 * The schema of one component's settings within a registry: tagged by `type`, with an optional `name` that defaults to
 * the type. Parse result keeps both beside the component's own settings.
 */
export function componentSchema<Instance>(registry: readonly AnyComponent<Instance>[]): z.ZodType<ComponentSettings> {
  const options = registry.map((component) =>
    z
      .strictObject({
        type: z.literal(component.name).describe(component.summary),
        name: z
          .string()
          .regex(/^[\p{L}\p{N}_.-]{1,60}$/u, 'letters, digits, "_", "." and "-" only')
          .default(component.name)
          .describe('Name of this instance in logs, metrics and rows.'),
        ...component.settings.shape,
      })
      // A shape leaves behind the rules that hold between its settings (refine).
      .check(...((component.settings._zod.def.checks ?? []) as z.core.$ZodCheck<unknown>[])),
  );
  const [first, ...rest] = options;
  if (first === undefined) throw new TidewatchError('internal', 'A registry has no components.');
  return z.discriminatedUnion('type', [first, ...rest]) as unknown as z.ZodType<ComponentSettings>;
}

/** Creates the component that `settings.type` names. Settings must have passed `componentSchema(registry)`. */
export async function createComponent<Instance>(
  registry: readonly AnyComponent<Instance>[],
  { type, name, ...settings }: ComponentSettings,
  context: Omit<Context, 'name'>,
): Promise<Instance> {
  const component = registry.find((candidate) => candidate.name === type);
  if (component === undefined) throw new TidewatchError('internal', `No component of type ${type}.`);
  return component.create(settings, { ...context, name, log: context.log.child({ component: name }) });
}

/** The text of a settings file. @throws TidewatchError config.unreadable */
export function readSettingsFile(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new TidewatchError('config.unreadable', `Cannot read the settings file ${path}`, {
      cause: error,
      hint: 'Give its path with --config, or start from examples/quickstart.yaml.',
    });
  }
  return configText(bytes, path);
}

/**
 * Validates the text of a settings file. Paths inside are left as they are: resolve them against `dirname(path)`.
 * `environment` null: a text that is no settings, such as a watchlist, which people write who are not to read this process'
 * environment and files: `${NAME}` and `*_file` stand for nothing in it.
 * @throws TidewatchError config.unreadable, config.invalid (with one line a problem)
 */
export function parseSettings<Schema extends z.ZodType>(
  source: string,
  path: string,
  schema: Schema,
  environment: NodeJS.ProcessEnv | null = process.env,
): z.output<Schema> {
  const { document, lines, written } = readYaml(source, path);
  const problems: string[] = [];
  const filled = new Set<string>();
  const unset = new Set<string>();
  const raw =
    environment === null
      ? written
      : substitute(written, [], { environment, folder: dirname(path), problems, filled, unset });
  // Before anything is said of them.
  if (environment !== null) hideSecretsIn(raw);
  const asTexts = schema.safeParse(raw);
  const parsed = readFilled(raw, filled, asTexts.error?.issues ?? []) ? schema.safeParse(raw) : asTexts;
  if (!parsed.success) {
    const place = { raw, document, lines, path, schema };
    for (const issue of parsed.error.issues) {
      // What is wrong with a value that could not be filled in says nothing new.
      if (!unset.has(issue.path.join('.'))) problems.push(...describeIssue(issue, place));
    }
  }
  if (problems.length > 0 || !parsed.success) {
    const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
    throw new TidewatchError(
      'config.invalid',
      `${path} has ${count}:\n${problems.map((line) => `  - ${line}`).join('\n')}`,
      {
        hint: 'docs/settings.md lists every setting; `tidewatch check FILE` validates without starting.',
      },
    );
  }
  return parsed.data;
}

interface Substitution {
  readonly environment: NodeJS.ProcessEnv;
  readonly folder: string;
  readonly problems: string[];
  /** Paths of values that are one place and nothing else. */
  readonly filled: Set<string>;
  /** Paths of values that could not be filled in. */
  readonly unset: Set<string>;
}

const PLACE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

function substitute(value: unknown, path: readonly string[], with_: Substitution): unknown {
  if (typeof value === 'string') {
    return value.replace(PLACE, (place: string, name: string, fallback?: string) => {
      if (place === value) with_.filled.add(path.join('.'));
      const found = with_.environment[name] ?? fallback;
      if (found === undefined) {
        with_.problems.push(`${path.join('.')}: the environment variable ${name} is not set`);
        with_.unset.add(path.join('.'));
      }
      return found ?? '';
    });
  }
  if (Array.isArray(value)) return value.map((item, index) => substitute(item, [...path, String(index)], with_));
  if (value === null || typeof value !== 'object') return value;
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const resolved = substitute(item, [...path, key], with_);
    if (/^(cert|key)_file$/.test(key) && 'cert_file' in value && typeof resolved === 'string') {
      // Read by core/tls.ts, again and again: certificates are renewed. The path is relative to the settings file.
      result[key] = resolve(with_.folder, resolved);
      continue;
    }
    const secret = /^(token|secret|password|webhook_url|api_key|author_salt)_file$/.exec(key)?.[1];
    if (secret === undefined || typeof resolved !== 'string') {
      result[key] = resolved;
      continue;
    }
    try {
      result[secret] = configText(readFileSync(resolve(with_.folder, resolved)), resolved).trim();
    } catch (error) {
      const why = error instanceof TidewatchError ? error.message : `${resolved} cannot be read`;
      with_.problems.push(`${[...path, key].join('.')}: the file ${why}`);
      with_.unset.add([...path, secret].join('.'));
    }
  }
  return result;
}

/**
 * What the environment fills in is text. Where a setting wants a number, or true or false, it is read as YAML reads it: the
 * setting decides, so that a password of digits stays as it is. True where there was such a value.
 */
function readFilled(raw: unknown, filled: ReadonlySet<string>, issues: readonly z.core.$ZodIssue[]): boolean {
  let isChanged = false;
  for (const { code, path } of issues) {
    const key = path.at(-1);
    if (code !== 'invalid_type' || key === undefined || !filled.has(path.join('.'))) continue;
    const holder = path.slice(0, -1).reduce((inner, step) => inner[step] as Holder, raw as Holder);
    const { contents } = parseDocument(String(holder[key]));
    const value = isScalar(contents) ? contents.value : undefined;
    if (typeof value !== 'number' && typeof value !== 'boolean') continue;
    holder[key] = value;
    isChanged = true;
  }
  return isChanged;
}

type Holder = Record<PropertyKey, unknown>;
