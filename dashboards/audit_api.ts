/** Who changed what: the audit log, with what was forgotten (which has a table of its own, core/store/removal.ts). */
import { z } from 'zod';
import type { AuditRow } from '../core/audit.ts';
import { auditAnswer } from './answers/audit.ts';
import { cursor, id, limit, pageOf, readCursor, storedTime } from './questions.ts';
import { defineRoute } from './route.ts';

const place = z.tuple([storedTime, z.string().max(64)]);

const audit = defineRoute({
  method: 'get',
  path: '/audit',
  role: 'admin',
  subject: 'Audit',
  summary: 'Who changed what and when, newest first',
  query: z.strictObject({
    actor: id.optional(),
    operation: id.optional(),
    target: id.optional().describe('Only changes of what has this id.'),
    cursor,
    limit: limit(200, 1000),
  }),
  response: auditAnswer,
  async handler({ query: { actor, operation, target, cursor: written, limit: most } }, { store }) {
    const after = written === undefined ? null : readCursor(written, 'audit', place);
    const conditions = [
      ...(actor === undefined ? [] : ['actor = {actor:String}']),
      ...(operation === undefined ? [] : ['operation = {operation:String}']),
      ...(target === undefined ? [] : ['target = {target:String}']),
      ...(after === null ? [] : ['(at, id) < ({at:DateTime64(3)}, {last:String})']),
    ];
    const rows = await store.query<AuditRow>(
      `SELECT * FROM (
         SELECT id, at, operation, actor, role, via, target, request_id, address, detail FROM audit
         UNION ALL
         SELECT id, requested_at AS at, 'forget' AS operation, taken_by AS actor, 'admin' AS role, 'command' AS via,
           target, '' AS request_id, '' AS address, concat(kind, ': ', reason) AS detail FROM removals
       ) ${conditions.length === 0 ? '' : 'WHERE'} ${conditions.join(' AND ')}
       ORDER BY at DESC, id DESC LIMIT {limit:UInt32}`,
      {
        limit: most + 1,
        ...(actor !== undefined && { actor }),
        ...(operation !== undefined && { operation }),
        ...(target !== undefined && { target }),
        ...(after !== null && { at: after[0], last: after[1] }),
      },
    );
    const { page, next_cursor } = pageOf('audit', rows, most, ({ at, id: last }) => [at, last]);
    return { changes: page, next_cursor };
  },
});

export const auditRoutes = { audit };
