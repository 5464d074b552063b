/**
 * The models of an installation, for the process that labels, for the page and for the commands: which folder they lie in, and
 * the classifier's settings with what was promoted put in. A backend that names its model keeps it: what an operator wrote
 * down is not overruled by a click.
 */
import { join } from 'node:path';
import { loadArtifact, shippedModel } from '../classifier/artifact.ts';
import type { Backend } from '../classifier/backend.ts';
import type { Reference } from '../classifier/drift.ts';
import { driftNow } from '../classifier/learning/drift_now.ts';
import { differencesOf } from '../classifier/learning/differences.ts';
import { nextToLabel } from '../classifier/learning/label_queue.ts';
import { describeModel, nameIn } from '../classifier/learning/model_card.ts';
import { openLibrary, type ModelLibrary, type StoredVerdict } from '../classifier/learning/model_library.ts';
import { startShadow, type Shadow, type ShadowDependencies } from '../classifier/learning/shadow.ts';
import { classifierSettings } from '../classifier/settings.ts';
import { TidewatchError } from '../core/errors.ts';
import type { Clock } from '../core/clock.ts';
import type { Store } from '../core/store/store.ts';
import type { Learning } from '../dashboards/learning_api.ts';
import type { Settings } from './config.ts';

type Section = Settings['classifier'];

const SHIPPED = 'tidewatch-small';

export function libraryOf(settings: Pick<Settings, 'data_dir' | 'classifier'>): ModelLibrary {
  return openLibrary(settings.classifier.models_dir ?? join(settings.data_dir, 'models'));
}

/** Whether the backend runs a model that was promoted, where one was. */
export function followsLibrary({ backend }: Section): boolean {
  return (backend.type === 'onnx' || backend.type === 'tfjs') && backend['model'] === undefined;
}

/** The section with the promoted model's folder in it. @throws TidewatchError model.missing, model.checksum */
export async function withPromoted(section: Section, library: ModelLibrary): Promise<Section> {
  const folder = followsLibrary(section) ? await library.open('current') : null;
  return folder === null ? section : { ...section, backend: { ...section.backend, model: folder } };
}

/** The folder of the model that labels: promoted, named by the settings, or shipped. @throws TidewatchError model.*, config.invalid */
export async function currentFolder(section: Section, library: ModelLibrary): Promise<string> {
  if (section.backend.type === 'remote') {
    throw new TidewatchError('config.invalid', 'classifier.backend is remote: its model lies on another machine', {
      hint: 'Run this command where the model is, with the settings of that process.',
    });
  }
  const { model } = (await withPromoted(section, library)).backend;
  return typeof model === 'string' ? model : shippedModel(SHIPPED);
}

/** The candidate that is to read along; null where none is. @throws TidewatchError model.missing, model.checksum */
export async function openShadow(
  section: Section,
  library: ModelLibrary,
  openBackend: (section: Section) => Promise<Backend>,
  deps: ShadowDependencies,
): Promise<Shadow | null> {
  const folder = await library.open('shadow');
  if (folder === null) return null;
  // One thread: it is not to take the cores of the model that labels. Its labels are kept in the store, not in memory.
  const backend = classifierSettings.shape.backend.parse({
    type: 'onnx',
    model: folder,
    workers: 1,
    threads: 1,
    cache_entries: 0,
  });
  return startShadow(await openBackend({ ...section, backend }), section.shadow_share, deps);
}

export interface LearningDependencies {
  readonly store: Store;
  readonly clock: Clock;
  /** What the model that labels was measured on, where this process knows. */
  reference(): Reference | null;
  /** name@version of the model that labels, where this process does. */
  model?(): string | null;
}

/** What the page asks about models. */
export function learningOf(
  settings: Pick<Settings, 'data_dir' | 'classifier'>,
  { store, clock, reference, model = () => null }: LearningDependencies,
): Learning {
  const library = libraryOf(settings);
  const shadow = async (): Promise<string | null> => (await library.pointer('shadow').catch(() => null))?.model ?? null;
  return {
    next: (author, count) => nextToLabel({ author, count, now: clock.now() }, { store, reference, shadow }),
    async models() {
      const [stored, current, beside, log] = await Promise.all([
        library.list(),
        library.pointer('current').catch(() => null),
        shadow(),
        library.log(),
      ]);
      const shipped = await nameIn(shippedModel(SHIPPED));
      const follows = followsLibrary(settings.classifier);
      const roleOf = (one: string, isCurrent: boolean): 'current' | 'shadow' | 'candidate' =>
        isCurrent ? 'current' : one === beside ? 'shadow' : 'candidate';
      return {
        models: [
          ...(shipped === null
            ? []
            : [
                {
                  model: shipped,
                  role: roleOf(shipped, follows && current === null),
                  origin: 'shipped' as const,
                  verdict: null,
                },
              ]),
          ...stored.map(({ model: one, verdict }) => ({
            model: one,
            role: roleOf(one, follows && one === current?.model),
            origin: 'learned' as const,
            verdict: verdict === null ? null : shownVerdict(verdict),
          })),
        ],
        log: log.toReversed().map(({ at, author, action, model, reason }) => ({ at, author, action, model, reason })),
      };
    },
    async differences(candidate) {
      const asked = candidate ?? (await shadow());
      return asked === null ? null : differencesOf(store, asked);
    },
    async served() {
      const { backend } = settings.classifier;
      if (backend.type === 'remote') return { model: model(), origin: 'elsewhere', card: [], figures: [], drift: null };
      const promoted = followsLibrary(settings.classifier) ? await library.pointer('current') : null;
      const origin = !followsLibrary(settings.classifier) ? 'settings' : promoted === null ? 'shipped' : 'promoted';
      const folder = await currentFolder(settings.classifier, library);
      const [name, described] = [await nameIn(folder), await describeModel(folder)];
      const measuredOn = reference() ?? (await referenceIn(folder));
      const drift = name === null || measuredOn === null ? null : await driftNow(store, name, measuredOn);
      return { model: name, origin, ...described, drift };
    },
  };
}

/** The part of a verdict that the page shows. */
function shownVerdict({ against, at, promotable, reasons, rules, feedback, published }: StoredVerdict) {
  // Verdicts of earlier versions have no figures a rule.
  const figures = (rules as StoredVerdict['rules'] | undefined) === undefined ? {} : { rules };
  return { against, at, promotable, reasons, feedback, published, ...figures };
}

/** What the model in a folder was measured on; null where it was not, or is no model. */
async function referenceIn(folder: string): Promise<Reference | null> {
  return (await loadArtifact(folder).catch(() => null))?.reference ?? null;
}

/** name@version of the model in a folder. @throws TidewatchError model.missing, model.checksum */
export async function modelIn(folder: string): Promise<string> {
  return (await loadArtifact(folder)).model;
}
