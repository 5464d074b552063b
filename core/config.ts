/**
 * Settings from YAML, with refusals a person can act on: the place (file, line), the rule, the value, the nearest right
 * name. `${NAME}` takes an environment variable, `<key>_file` takes a secret from a file. Unknown keys are refused:
 * a misspelt setting that is silently ignored is the commonest way for a monitor to watch nothing.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LineCounter, isMap, isPair, isScalar, isSeq, parseDocument, type Document as YamlDocument } from 'yaml';
import { z } from 'zod';
import type { Component, Context } from './component.ts';
import { TidewatchError } from './errors.ts';

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
    z.strictObject({
      type: z.literal(component.name).describe(component.summary),
      name: z
        .string()
        .regex(/^[\p{L}\p{N}_.-]{1,60}$/u, 'letters, digits, "_", "." and "-" only')
        .default(component.name)
        .describe('Name of this instance in logs, metrics and rows.'),
      ...component.settings.shape,
    }),
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

/**
 * Reads and validates a settings file. Paths inside are left as they are: resolve them against `dirname(path)`.
 * @throws TidewatchError config.unreadable, config.invalid (with one line a problem)
 */
export function loadSettings<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  environment: NodeJS.ProcessEnv = process.env,
): z.output<Schema> {
  let source: string;
  try {
    source = readFileSync(path, 'utf8');
  } catch (error) {
    throw new TidewatchError('config.unreadable', `Cannot read the settings file ${path}`, {
      cause: error,
      hint: 'Give its path with --config, or start from examples/quickstart.yaml.',
    });
  }
  return parseSettings(source, path, schema, environment);
}

export function parseSettings<Schema extends z.ZodType>(
  source: string,
  path: string,
  schema: Schema,
  environment: NodeJS.ProcessEnv = process.env,
): z.output<Schema> {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: true });
  const syntax = document.errors[0];
  if (syntax !== undefined) {
    throw new TidewatchError('config.unreadable', `${path} is not valid YAML: ${syntax.message}`, { cause: syntax });
  }
  const problems: string[] = [];
  const raw = substitute(document.toJS() ?? {}, [], { environment, folder: dirname(path), problems });
  const parsed = schema.safeParse(raw);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) problems.push(...describeIssue(issue, raw, document, lines, path, schema));
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
}

function substitute(value: unknown, path: readonly string[], with_: Substitution): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g, (_, name: string, fallback?: string) => {
      const found = with_.environment[name] ?? fallback;
      if (found === undefined) with_.problems.push(`${path.join('.')}: the environment variable ${name} is not set`);
      return found ?? '';
    });
  }
  if (Array.isArray(value)) return value.map((item, index) => substitute(item, [...path, String(index)], with_));
  if (value === null || typeof value !== 'object') return value;
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const resolved = substitute(item, [...path, key], with_);
    const secret = /^(token|secret|password|webhook_url|api_key)_file$/.exec(key)?.[1];
    if (secret === undefined || typeof resolved !== 'string') {
      result[key] = resolved;
      continue;
    }
    try {
      result[secret] = readFileSync(resolve(with_.folder, resolved), 'utf8').trim();
    } catch {
      with_.problems.push(`${[...path, key].join('.')}: the file ${resolved} cannot be read`);
    }
  }
  return result;
}

function describeIssue(
  issue: z.core.$ZodIssue,
  raw: unknown,
  document: YamlDocument,
  lines: LineCounter,
  file: string,
  schema: z.ZodType,
): string[] {
  const place = (path: readonly PropertyKey[]): string => {
    const line = lineOf(document, path, lines);
    const name = path.length === 0 ? 'the settings' : path.map(String).join('.');
    return line === undefined ? name : `${name} (${file}:${line})`;
  };
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, issue.path, raw);
    return issue.keys.map((key) => {
      const near = nearest(key, known);
      return `${place([...issue.path, key])}: unknown setting${near === undefined ? '' : `; did you mean ${near}?`}`;
    });
  }
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined) {
    const at = issue.path.reduce<unknown>(
      (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
      raw,
    );
    const types = discriminatorValues(schema, issue.path);
    const near = typeof at === 'string' ? nearest(at, types) : undefined;
    const guess = near === undefined ? '' : `; did you mean ${near}?`;
    return [
      `${place(issue.path)}: ${at === undefined ? 'missing' : `unknown type ${JSON.stringify(at)}`}${guess} (one of ${types.join(', ')})`,
    ];
  }
  const value = issue.path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
    raw,
  );
  const key = String(issue.path.at(-1) ?? '');
  const secret = /token|secret|password|webhook_url|api_key/.test(key);
  const shown =
    value === undefined
      ? 'it is missing'
      : secret
        ? 'its value is not shown'
        : `it is ${JSON.stringify(value)?.slice(0, 80)}`;
  return [`${place(issue.path)}: ${issue.message}; ${shown}`];
}

function lineOf(document: YamlDocument, path: readonly PropertyKey[], lines: LineCounter): number | undefined {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === key);
      if (pair === undefined) break;
      offset = isScalar(pair.key) ? pair.key.range?.[0] : offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      offset = (node as { range?: [number, number, number] } | undefined)?.range?.[0] ?? offset;
    } else break;
  }
  return offset === undefined ? undefined : lines.linePos(offset).line;
}

type SchemaNode = { _zod: { def: Record<string, unknown> } };

/** The schema below `path`, through optionals, defaults, arrays and unions picked by the data's `type`. */
function schemaAt(schema: z.ZodType, path: readonly PropertyKey[], raw: unknown): SchemaNode | undefined {
  let node = unwrap(schema as unknown as SchemaNode, raw);
  let value = raw;
  for (const key of path) {
    value = (value as Record<PropertyKey, unknown> | undefined)?.[key];
    const definition = node?._zod.def;
    const next =
      definition?.['type'] === 'array'
        ? definition['element']
        : definition?.['type'] === 'record'
          ? definition['valueType']
          : (definition?.['shape'] as Record<PropertyKey, unknown> | undefined)?.[key];
    node = next === undefined ? undefined : unwrap(next as SchemaNode, value);
  }
  return node;
}

function unwrap(schema: SchemaNode, value: unknown): SchemaNode | undefined {
  let node: SchemaNode | undefined = schema;
  while (node !== undefined) {
    const definition: Record<string, unknown> = node._zod.def;
    if (definition['innerType'] !== undefined) node = definition['innerType'] as SchemaNode;
    else if (definition['type'] === 'pipe') node = definition['in'] as SchemaNode;
    else if (definition['type'] === 'union' && (value as { type?: unknown } | undefined)?.type !== undefined) {
      const type = (value as { type: unknown }).type;
      node = (definition['options'] as SchemaNode[]).find((option) => unionTag(option) === type);
    } else return node;
  }
  return node;
}

function unionTag(option: SchemaNode): unknown {
  const shape = option._zod.def['shape'] as Record<string, SchemaNode> | undefined;
  return (shape?.['type']?._zod.def['values'] as unknown[] | undefined)?.[0];
}

function knownKeys(schema: z.ZodType, path: readonly PropertyKey[], raw: unknown): string[] {
  const shape = schemaAt(schema, path, raw)?._zod.def['shape'];
  return shape === undefined ? [] : Object.keys(shape as object);
}

function discriminatorValues(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const union = schemaAt(schema, path.at(-1) === 'type' ? path.slice(0, -1) : path, undefined);
  const options = union?._zod.def['options'] as SchemaNode[] | undefined;
  return (options ?? []).map((option) => String(unionTag(option)));
}

/** The known name within an edit distance of a third of its length, or undefined. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known.map((candidate) => ({ candidate, distance: editDistance(name, candidate) }));
  ranked.sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(2, Math.floor(best.candidate.length / 3))
    ? best.candidate
    : undefined;
}

/** Levenshtein distance, two rows. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
