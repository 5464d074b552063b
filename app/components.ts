/** Every component by kind, and its settings as rows: what `tidewatch list` and docs/settings.md are made of. */
import { z } from 'zod';
import type { Component } from '../core/component.ts';
import { storeComponents } from '../core/store/registry.ts';
import { streamComponents } from '../core/stream/registry.ts';
import { backends } from '../classifier/registry.ts';
import { detectors, notifiers } from '../alerting/registry.ts';
import { sources } from '../ingest/registry.ts';

export interface Described {
  readonly name: string;
  readonly summary: string;
  readonly settings: z.ZodObject;
}

export const COMPONENTS: Readonly<Record<string, readonly Described[]>> = {
  source: sources as readonly Component<z.ZodObject, unknown>[],
  stream: streamComponents,
  backend: backends as readonly Component<z.ZodObject, unknown>[],
  store: storeComponents,
  detector: detectors as readonly Component<z.ZodObject, unknown>[],
  notifier: notifiers as readonly Component<z.ZodObject, unknown>[],
};

export interface SettingRow {
  readonly name: string;
  readonly type: string;
  /** JSON of the default, '' where the setting is optional, 'required' otherwise. */
  readonly fallback: string;
  readonly description: string;
}

interface JsonSchema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  default?: unknown;
  description?: string;
}

/** The settings of an object schema, nested objects with dotted names; unions of components are named, not expanded. */
export function settingRows(schema: z.ZodType, prefix = ''): SettingRow[] {
  return rowsOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema, prefix);
}

function rowsOf(json: JsonSchema, prefix: string): SettingRow[] {
  const rows: SettingRow[] = [];
  for (const [key, property] of Object.entries(json.properties ?? {})) {
    const name = prefix === '' ? key : `${prefix}.${key}`;
    if (property.properties !== undefined) {
      rows.push(...rowsOf(property, name));
      continue;
    }
    const required = json.required?.includes(key) === true && property.default === undefined;
    const fallback = required ? 'required' : property.default === undefined ? '' : JSON.stringify(property.default);
    rows.push({ name, type: typeName(property), fallback, description: property.description ?? '' });
  }
  return rows;
}

function typeName(json: JsonSchema): string {
  if (json.enum !== undefined) return json.enum.map(String).join(' | ');
  if (json.const !== undefined) return JSON.stringify(json.const);
  const choices = json.anyOf ?? json.oneOf;
  if (choices !== undefined) {
    const tags = choices.map((choice) => choice.properties?.['type']?.const);
    if (tags.every((tag) => tag !== undefined)) return `component: ${tags.map(String).join(' | ')}`;
    return choices.map(typeName).join(' | ');
  }
  if (json.type === 'array') return `list of ${typeName(json.items ?? {})}`;
  return Array.isArray(json.type) ? json.type.join(' | ') : (json.type ?? 'any');
}
