/** Values that a JSON schema allows, and values that it does not, as fast-check makes them: for the schemas of our API. */
import fc from 'fast-check';

export type Schema = { readonly [key: string]: unknown };

/** Values of a schema whose references `resolve` follows. */
export function valuesOf(schema: Schema, resolve: (reference: string) => Schema): fc.Arbitrary<unknown> {
  const inner = (one: unknown): fc.Arbitrary<unknown> => valuesOf(one as Schema, resolve);
  if (typeof schema['$ref'] === 'string') return inner(resolve(schema['$ref']));
  if ('const' in schema) return fc.constant(schema['const']);
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
  const alternatives = (schema['anyOf'] ?? schema['oneOf']) as unknown[] | undefined;
  if (alternatives !== undefined && schema['properties'] === undefined) return fc.oneof(...alternatives.map(inner));
  switch (schema['type']) {
    case 'integer':
      return fc.integer({ min: numberOf(schema['minimum'], -1e9), max: numberOf(schema['maximum'], 1e9) });
    case 'number':
      return fc.double({
        min: numberOf(schema['minimum'], -1e9),
        max: numberOf(schema['maximum'], 1e9),
        noNaN: true,
      });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(inner(schema['items']), {
        minLength: numberOf(schema['minItems'], 0),
        maxLength: Math.max(numberOf(schema['minItems'], 0), Math.min(numberOf(schema['maxItems'], 4), 4)),
      });
    case 'object': {
      const properties = Object.entries((schema['properties'] ?? {}) as Record<string, unknown>);
      const required = (schema['required'] ?? []) as string[];
      // Of fields that exclude one another (oneOf with `required` alone), one set at a time.
      const sets = ((alternatives ?? [{}]) as { required?: string[] }[]).map((one) => one.required ?? []);
      return fc.oneof(
        ...sets.map((chosen) => {
          const excluded = new Set(sets.flat().filter((name) => !chosen.includes(name)));
          const made = properties
            .filter(([name]) => !excluded.has(name))
            .map(([name, one]) => [name, inner(one)] as const);
          return fc.record(Object.fromEntries(made), { requiredKeys: [...required, ...chosen] });
        }),
      );
    }
    default:
      return textsOf(schema);
  }
}

function textsOf(schema: Schema): fc.Arbitrary<string> {
  if (schema['format'] === 'date-time') {
    const [min, max] = [new Date('1970-01-01T00:00:00Z'), new Date('2100-01-01T00:00:00Z')];
    return fc.date({ min, max, noInvalidDate: true }).map((date) => date.toISOString());
  }
  if (typeof schema['pattern'] === 'string') return fc.stringMatching(new RegExp(schema['pattern'], 'u'));
  const minLength = numberOf(schema['minLength'], 0);
  return fc.string({
    unit: 'grapheme-composite',
    minLength,
    maxLength: Math.min(numberOf(schema['maxLength'], 60), 60),
  });
}

function numberOf(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback;
}

/** Texts that have broken servers: SQL, markup, paths, formats, control signs, lone surrogates, very long ones. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '',
    "' OR 1=1 --",
    '{x:String}',
    '\\',
    '\u0000',
    '../../etc/passwd',
    '<script>alert(1)</script>',
    '%',
    '%00',
    '\ud800',
    '1e309',
    '-1',
    '99999999999999999999',
    'null',
    '[]',
    '2026-02-30T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
    'x'.repeat(500),
    '🌊'.repeat(100),
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
);
