/**
 * Every refusal of the API in one form: problem details (RFC 9457), with the code of core/errors.ts, which field was
 * wrong, and the id of the request, by which its line in the log is found. Of what broke inside nothing is told.
 */
import { z } from 'zod';
import { TidewatchError, type ErrorCode } from '../core/errors.ts';
import { withoutSecrets } from '../core/secret.ts';

export const PROBLEM_TYPE = 'application/problem+json';

export const problemForm = z
  .object({
    type: z.string().describe('Address of what this kind of problem means.'),
    title: z.string().describe('What this kind of problem is, the same each time.'),
    status: z.int().min(400).max(599),
    detail: z.string().describe('What is wrong with this request.'),
    code: z.string().describe('Error code of Tidewatch, such as input.invalid.'),
    request_id: z.string().describe('As the header X-Request-Id; the log has it too.'),
    hint: z.string().exactOptional().describe('What to do about it.'),
    errors: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .exactOptional()
      .describe('Each wrong field of a question or body.'),
  })
  .meta({ id: 'Problem', description: 'A refusal, as problem details (RFC 9457).' });
export type Problem = z.output<typeof problemForm>;

/** What each status of a refusal means; the OpenAPI document and the reference page say the same. */
export const TITLES = {
  400: 'The question is not understood',
  401: 'A token is required',
  403: 'This token may not do that',
  404: 'There is no such thing',
  405: 'This path is not asked that way',
  409: 'That does not fit the present state',
  413: 'The body is too long',
  415: 'The body is of another media type',
  421: 'This host name is not served here',
  422: 'The body is not of the documented form',
  429: 'Too many requests',
  500: 'Something went wrong inside Tidewatch',
  501: 'This process cannot do that',
  503: 'Not at the moment',
} as const;
export type ProblemStatus = keyof typeof TITLES;

const STATUS: Partial<Record<ErrorCode, ProblemStatus>> = {
  'input.invalid': 400,
  'access.unauthenticated': 401,
  'access.forbidden': 403,
  'input.absent': 404,
  'input.method': 405,
  'input.conflict': 409,
  'input.too_large': 413,
  'input.media_type': 415,
  'input.unprocessable': 422,
  'access.too_many': 429,
  'model.missing': 501,
  'model.failed': 503,
  'storage.unavailable': 503,
  'storage.full': 503,
};

/** Words for what the reader cannot mend; the error's own would show insides. */
const UNMENDABLE: Partial<Record<ProblemStatus, string>> = {
  500: 'Something went wrong inside Tidewatch.',
  503: 'The store or the model does not answer now.',
};

export function statusOf(code: ErrorCode): ProblemStatus {
  return STATUS[code] ?? 500;
}

/** An error as problem details. `status` where the code's own does not fit. */
export function problemOf(error: unknown, requestId: string, status?: ProblemStatus): Problem {
  const known = error instanceof TidewatchError ? error : null;
  const code = known?.code ?? 'internal';
  const chosen = status ?? statusOf(code);
  const hidden = UNMENDABLE[chosen];
  const errors = known?.cause instanceof z.ZodError ? fieldsOf(known.cause) : null;
  return {
    type: `/api/reference#problem-${chosen}`,
    title: TITLES[chosen],
    status: chosen,
    detail: hidden ?? withoutSecrets(known?.message ?? TITLES[chosen]),
    code,
    request_id: requestId,
    ...(hidden === undefined && known?.hint !== undefined && { hint: known.hint }),
    ...(hidden === undefined && errors !== null && { errors }),
  };
}

export function problemResponse(problem: Problem, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(problem, {
    status: problem.status,
    headers: { 'Content-Type': PROBLEM_TYPE, 'Cache-Control': 'no-store', ...headers },
  });
}

/** What zod found wrong, as an error whose message names each field. `what` begins the sentence. */
export function misunderstood(cause: z.ZodError, what: string, code: ErrorCode = 'input.invalid'): TidewatchError {
  const said = fieldsOf(cause).map(({ field, message }) => (field === '' ? message : `${field}: ${message}`));
  return new TidewatchError(code, `${what}: ${said.join('; ')}.`, { cause });
}

function fieldsOf({ issues }: z.ZodError): { field: string; message: string }[] {
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ field: [...issue.path, key].join('.'), message: 'unknown parameter ' + key }))
      : [{ field: issue.path.join('.'), message: issue.message }],
  );
}
