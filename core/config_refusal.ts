/**
 * Why a settings file is refused, in one line a problem: the place (name, file, line), the rule, the value, and the
 * nearest right name. Names and types are read from the schema itself, so a new component needs nothing here.
 */
import { isMap, isPair, isScalar, isSeq, type Document as YamlDocument, type LineCounter } from 'yaml';
import type { z } from 'zod';
import { hasWideColon, WIDE_COLON } from './config_yaml.ts';
import { isSecretName } from './secret.ts';

export interface SettingsSource {
  /** The parsed settings, before validation. */
  readonly raw: unknown;
  readonly document: YamlDocument;
  readonly lines: LineCounter;
  /** The file's path, as shown. */
  readonly path: string;
  readonly schema: z.ZodType;
}

/** One line a problem, from one zod issue. */
export function describeIssue(issue: z.core.$ZodIssue, source: SettingsSource): string[] {
  const { raw, schema } = source;
  if (issue.code === 'unrecognized_keys') {
    const shape = schemaAt(schema, issue.path, raw)?._zod.def['shape'];
    const known = Object.keys(shape ?? {});
    return issue.keys.map((key) => `${place([...issue.path, key], source)}: unknown setting${suggestion(key, known)}`);
  }
  const value = valueAt(raw, issue.path);
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined) {
    const types = componentTypes(schema, issue.path);
    const fault = value === undefined ? 'is missing' : `unknown type ${JSON.stringify(value)}`;
    const guess = typeof value === 'string' ? suggestion(value, types) : '';
    return [`${place(issue.path, source)}: ${fault}${guess} (one of ${types.join(', ')})`];
  }
  const plain = plainly(issue, value);
  if (plain !== null) return [`${place(issue.path, source)}: ${plain}`];
  const secret = issue.path.some((name) => typeof name === 'string' && isSecretName(name));
  const shown =
    value === undefined
      ? 'it is missing'
      : secret
        ? 'its value is not shown'
        : `it is ${JSON.stringify(value)?.slice(0, 80)}`;
  const rule = isWebAddress(issue, source) ? 'must be an http or https address' : issue.message;
  return [`${place(issue.path, source)}: ${rule}; ${shown}`];
}

/** The slips that are made most, in words that need no schema; null for others. */
function plainly(issue: z.core.$ZodIssue, value: unknown): string | null {
  // A text that must be one of a few is told by those, as any other value that is wrong.
  if (issue.code !== 'invalid_type') return null;
  if (value === undefined) return 'is missing';
  const isSection = issue.expected === 'object' || issue.expected === 'record';
  if (isSection && typeof value === 'string' && hasWideColon(value)) return WIDE_COLON;
  if (value !== null) return null;
  const instead = isSection
    ? 'put settings under it'
    : issue.expected === 'array'
      ? 'put a list under it'
      : 'give it a value';
  return `is empty: delete the line or ${instead}`;
}

/** Whether what is wrong is an address that should be one of the web. */
function isWebAddress(issue: z.core.$ZodIssue, { schema, raw }: SettingsSource): boolean {
  if (issue.code !== 'invalid_format' || issue.format !== 'url') return false;
  return String(schemaAt(schema, issue.path, raw)?._zod.def['protocol']) === '/^https?$/';
}

function place(path: readonly PropertyKey[], { document, lines, path: file }: SettingsSource): string {
  const line = lineOf(document, path, lines);
  const name = path.length === 0 ? 'the file as a whole' : path.map(String).join('.');
  return line === undefined ? name : `${name} (${file}:${line})`;
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], raw);
}

function suggestion(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === undefined ? '' : `; did you mean ${near}?`;
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

function componentTypes(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
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
