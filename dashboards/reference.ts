/**
 * The reference of the API as a page: plain HTML out of the OpenAPI document, without a script, so that it works offline
 * and under the page's content security policy as it stands. Rejected: Swagger UI, Redoc and Scalar (0.5 to 3 MB of
 * script, and styles set inline, which the policy would have to allow).
 */
import { escapeMarkup } from '../core/markup.ts';
import { TITLES } from './problem.ts';
import type { OpenApi, Operation, Parameter } from './openapi.ts';

type Json = { [key: string]: unknown };

/** The page. `document` is what /api/openapi.json serves. */
export function referencePage(document: OpenApi): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const subjects = document.tags.map(({ name }) => ({
    name,
    operations: operations.filter(({ operation }) => operation.tags.includes(name)),
  }));
  const contents = subjects.map(
    ({ name, operations: own }) =>
      `<li>${text(name)}<ul>${own
        .map(({ operation }) => `<li><a href="#${operation.operationId}">${text(operation.summary)}</a></li>`)
        .join('')}</ul></li>`,
  );
  const problems = Object.entries(TITLES).map(
    ([status, title]) => `<tr id="problem-${status}"><td><code>${status}</code></td><td>${text(title)}</td></tr>`,
  );
  const forms = Object.entries(document.components.schemas).map(
    ([name, schema]) => `<section id="form-${name}"><h3>${text(name)}</h3>${formTable(schema)}</section>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Tidewatch API</title>
<link rel="stylesheet" href="/api/reference.css">
</head>
<body>
<main>
<h1>Tidewatch API ${text(document.info.version)}</h1>
<p>${text(document.info.description)}</p>
<p>Machines read <a href="/api/openapi.json">openapi.json</a>. A token goes into the header <code>Authorization: Bearer …</code>;
roles: reader, analyst, admin. <a href="/">The page</a></p>
<nav aria-label="Operations"><ul>${contents.join('')}</ul></nav>
${subjects.map(({ name, operations: own }) => `<h2>${text(name)}</h2>\n${own.map(operationSection).join('\n')}`).join('\n')}
<h2>Refusals</h2>
<p>Every refusal is <code>application/problem+json</code> (RFC 9457), of the form ${link('Problem')}.</p>
<table><thead><tr><th>Status</th><th>Meaning</th></tr></thead><tbody>${problems.join('')}</tbody></table>
<h2>Forms</h2>
${forms.join('\n')}
</main>
</body>
</html>
`;
}

function operationSection({ path, method, operation }: { path: string; method: string; operation: Operation }): string {
  const answers = Object.entries(operation.responses).flatMap(([status, response]) => {
    const content = response['content'] as Record<string, { schema: Json }> | undefined;
    if (content === undefined) return [];
    return Object.entries(content).map(
      ([media, { schema }]) => `<code>${status}</code> ${text(media)}: ${typeOf(schema)}`,
    );
  });
  const refusals = Object.keys(operation.responses)
    .filter((status) => Number(status) >= 400)
    .map((status) => `<a href="#problem-${status}">${status}</a>`);
  const body = operation.requestBody?.content['application/json']?.schema;
  return `<section id="${operation.operationId}">
<h3><code class="method">${method.toUpperCase()}</code> <code>/api${text(path)}</code></h3>
<p>${text(operation.summary)}.</p>
${operation.description
  .split('\n\n')
  .map((part) => `<p>${text(part)}</p>`)
  .join('')}
${operation.parameters.length === 0 ? '' : parameterTable(operation.parameters)}
${body === undefined ? '' : `<h4>Body</h4>${formTable(body)}`}
<p>Answers ${answers.join('; ')}. Refusals: ${refusals.join(', ')}.</p>
</section>`;
}

function parameterTable(parameters: readonly Parameter[]): string {
  const rows = parameters.map(
    ({ name, in: place, required, schema, description }) =>
      `<tr><td><code>${text(name)}</code></td><td>${place}${required ? ', required' : ''}</td><td>${typeOf(schema)}</td><td>${text(described(description))}</td></tr>`,
  );
  return `<table><thead><tr><th>Parameter</th><th>Where</th><th>Form</th><th></th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

/** The fields of an object; of alternatives, each one's. */
function formTable(schema: Json): string {
  const alternatives = (schema['anyOf'] ?? schema['oneOf']) as Json[] | undefined;
  const { properties } = schema;
  if (alternatives !== undefined && properties === undefined) return alternatives.map(formTable).join('<p>or</p>');
  if (properties === undefined) return `<p>${typeOf(schema)}</p>`;
  const required = new Set((schema['required'] ?? []) as string[]);
  const rows = Object.entries(properties as Record<string, Json>).map(
    ([name, field]) =>
      `<tr><td><code>${text(name)}</code>${required.has(name) ? '' : ' (optional)'}</td><td>${typeOf(field)}</td><td>${text(described(field['description']))}</td></tr>`,
  );
  const about = described(schema['description']);
  return `${about === '' ? '' : `<p>${text(about)}</p>`}<table><thead><tr><th>Field</th><th>Form</th><th></th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

/** A form in a few words: its type with limits, its values, or a link to its own table. */
function typeOf(schema: Json): string {
  const { $ref, type, enum: values, const: value, items, properties, format } = schema;
  if (typeof $ref === 'string') return link($ref.slice($ref.lastIndexOf('/') + 1));
  if (value !== undefined) return `<code>${text(JSON.stringify(value))}</code>`;
  if (Array.isArray(values)) return values.map((one) => `<code>${text(JSON.stringify(one))}</code>`).join(' ');
  const alternatives = (schema['anyOf'] ?? schema['oneOf']) as Json[] | undefined;
  if (alternatives !== undefined) return alternatives.map(typeOf).join(' or ');
  if (type === 'array') return `list of ${typeOf((items ?? {}) as Json)}`;
  if (properties !== undefined)
    return `{ ${Object.keys(properties as Json)
      .map(text)
      .join(', ')} }`;
  const limits = ['minimum', 'maximum', 'minLength', 'maxLength', 'pattern', 'default'].flatMap((name) =>
    schema[name] === undefined ? [] : [`${name} ${text(JSON.stringify(schema[name]))}`],
  );
  return [described(type), described(format), ...limits].filter((part) => part !== '').join(', ');
}

function link(name: string): string {
  return `<a href="#form-${name}">${text(name)}</a>`;
}

function described(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function text(value: string): string {
  return escapeMarkup(value);
}

export const REFERENCE_STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; background: Canvas; color: CanvasText; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid GrayText; }
section { margin: 1.5rem 0; overflow-x: auto; }
code { font: 0.9em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
.method { font-weight: 700; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid color-mix(in srgb, GrayText 40%, transparent); }
:target { outline: 2px solid Highlight; outline-offset: 4px; }
`;
