/** What people say, taken up now and then: silences, acknowledgements, ends by hand and repeats (people.ts), and verdicts on alerts. */
import type { Ledger } from './ledger.ts';
import type { AlertingDeps, Parts } from './parts.ts';
import type { SourceAlerts } from './source_alerts.ts';

export interface Hearing {
  /** Lets what people did take effect. */
  people(): Promise<void>;
  /** Hears people and verdicts where the time has come. */
  take(): Promise<void>;
}

const HEAR_PEOPLE_MS = 2000;
/** Thresholds change once a day of event time; a minute is soon enough to have heard. */
const HEAR_VERDICTS_MS = 60_000;

export function createHearing(
  { rules, people, queue, verdicts, watch }: Parts,
  ledger: Ledger,
  sources: SourceAlerts,
  { clock, log, state }: AlertingDeps,
): Hearing {
  let heardAt = -Infinity;
  let verdictsAt = -Infinity;

  async function hearPeople(): Promise<void> {
    await people.poll();
    for (const action of people.take()) {
      const { request, author } = action;
      log.info(`${author}: ${request.kind} ${'alert_id' in request ? request.alert_id : action.id}`);
      if (request.kind === 'replay') await queue.replay(request.notification);
      if (request.kind === 'resolve') {
        const { alert_id: id, note } = request;
        const resolution = { by: author, note };
        const ended =
          watch.resolve(id, watch.state.closed ?? clock.now(), resolution) ?? sources.end(id, clock.now(), resolution);
        if (ended !== null) ledger.keep({ alerts: [ended], findings: [] });
      }
      ledger.note(action);
    }
  }

  /** For the days that come. */
  async function hearVerdicts(): Promise<void> {
    if (verdicts === null || performance.now() - verdictsAt < HEAR_VERDICTS_MS) return;
    verdictsAt = performance.now();
    await verdicts.poll();
    rules.thresholds?.learn(verdicts.cases());
    await state.transaction(() => verdicts.save());
  }

  return {
    people: hearPeople,
    async take() {
      if (performance.now() - heardAt >= HEAR_PEOPLE_MS) {
        heardAt = performance.now();
        await hearPeople();
      }
      await hearVerdicts();
    },
  };
}
