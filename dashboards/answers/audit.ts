/** Form of the audit log. */
import { z } from 'zod';
import type { AuditRow } from '../../core/audit.ts';
import { nextCursor, time } from './series.ts';

const change = z
  .object({
    id: z.string(),
    at: time,
    operation: z.string().describe('Operation of this API, `settings`, or `forget`.'),
    actor: z.string().describe('Name of the token, `this machine` where none is asked for, `command:user`.'),
    role: z.string(),
    via: z.enum(['api', 'command', 'start']),
    target: z.string().describe('Id of what was changed.'),
    request_id: z.string(),
    address: z.string().describe('Address that asked; empty for the command line.'),
    detail: z.string(),
  })
  .meta({ id: 'Change' }) satisfies z.ZodType<AuditRow>;

export const auditAnswer = z
  .object({ changes: z.array(change).describe('Newest first.'), next_cursor: nextCursor })
  .meta({ id: 'AuditAnswer' });
