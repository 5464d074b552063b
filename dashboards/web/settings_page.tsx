/**
 * The settings file, at #/settings, for administrators: its text without secrets, checked line by line as at the start, kept only
 * where it is right. A plain text area: it is a file with comments, and whoever edits it should see it as it is.
 */
import { useRef, useState } from 'preact/hooks';
import type { SettingsCheckAnswer, SettingsFileAnswer, SettingsWritten } from '../contract.ts';
import { useDraft, type DraftKind } from './draft.ts';
import { DraftNotice } from './draft_notice.tsx';
import { useFeedback } from './feedback.tsx';
import { useInterface } from './i18n.ts';
import { postAnswer, useRemote } from './remote.ts';
import { Empty, Failed, Skeleton } from './states.tsx';
import { Page } from './view.tsx';

const WRITTEN: DraftKind<string> = {
  isValue: (kept) => typeof kept === 'string',
  isSame: (one, other) => one === other,
};

export function SettingsPage() {
  const { text } = useInterface();
  const [version, setVersion] = useState(0);
  const { answer, failed, status } = useRemote<SettingsFileAnswer>('/api/settings', version);
  const again = (): void => setVersion(version + 1);
  return (
    <Page title={text.settings}>
      <section class="card view-head tall">
        {answer === null && failed && status === 403 && <Empty>{text.needs_role('admin')}</Empty>}
        {answer === null && failed && status === 501 && <Empty>{text.settings_elsewhere}</Empty>}
        {answer === null && failed && status !== 403 && status !== 501 && <Failed retry={again} />}
        {answer === null && !failed && <Skeleton lines={12} />}
        {answer !== null && <Editor key={answer.version} file={answer} reload={again} />}
      </section>
    </Page>
  );
}

function Editor({ file, reload }: { file: SettingsFileAnswer; reload(): void }) {
  const { text } = useInterface();
  const { tell } = useFeedback();
  const area = useRef<HTMLTextAreaElement>(null);
  const draft = useDraft({ name: '/api/settings', version: file.version, value: file.text }, WRITTEN);
  const written = draft.value;
  const [checked, setChecked] = useState<SettingsCheckAnswer | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const isLocked = file.locked !== null;
  const send = async <Answer,>(path: string, body: object): Promise<Answer | null> => {
    setBusy(true);
    setWrong(null);
    try {
      return await postAnswer<Answer>(path, body);
    } catch (error) {
      setWrong(error instanceof Error ? error.message : text.failed);
      return null;
    } finally {
      setBusy(false);
    }
  };
  const check = async (): Promise<SettingsCheckAnswer | null> => {
    const answer = await send<SettingsCheckAnswer>('/api/settings/check', { text: written });
    setChecked(answer);
    return answer;
  };
  const keep = async (): Promise<void> => {
    const answer = await check();
    if (answer === null || answer.problems.length > 0) return;
    const kept = await send<SettingsWritten>('/api/settings', { text: written, version: file.version });
    if (kept === null) return;
    draft.saved();
    tell(text.settings_kept(kept.backup));
    reload();
  };
  const goTo = (line: number): void => {
    const field = area.current;
    if (field === null) return;
    const start =
      written
        .split('\n')
        .slice(0, line - 1)
        .join('\n').length + (line > 1 ? 1 : 0);
    const end = written.indexOf('\n', start);
    field.focus();
    field.setSelectionRange(start, end < 0 ? written.length : end);
  };
  return (
    <form
      class="upkeep-form"
      onSubmit={(event) => {
        event.preventDefault();
        void keep();
      }}
    >
      <p class="muted small">{text.settings_intro}</p>
      {file.locked !== null && <p class="notice">{text[`settings_locked_${file.locked}`]}</p>}
      <DraftNotice draft={draft} />
      <label class="upkeep-line">
        <span class="field-name">{file.file}</span>
        <textarea
          ref={area}
          class="settings-text"
          spellcheck={false}
          readOnly={isLocked}
          rows={Math.min(36, Math.max(12, written.split('\n').length + 1))}
          value={written}
          onInput={(event) => {
            draft.change(event.currentTarget.value);
            setChecked(null);
          }}
        />
      </label>
      <p class="upkeep-actions">
        <button type="button" class="line-button" disabled={busy} onClick={() => void check()}>
          {text.settings_check}
        </button>
        <button type="submit" class="solid-button" disabled={busy || isLocked || !draft.isChanged}>
          {text.save}
        </button>
      </p>
      <div role="status">
        {wrong !== null && <p class="upkeep-wrong">{wrong}</p>}
        {checked !== null && <Checked checked={checked} goTo={goTo} />}
      </div>
    </form>
  );
}

function Checked({ checked: { problems, changed }, goTo }: { checked: SettingsCheckAnswer; goTo(line: number): void }) {
  const { text } = useInterface();
  if (problems.length > 0) {
    return (
      <>
        <p class="upkeep-wrong">{text.settings_wrong(problems.length)}</p>
        <ul class="problems">
          {problems.map(({ message, line }) => (
            <li key={message}>
              {line !== null && (
                <button type="button" class="text-button" onClick={() => goTo(line)}>
                  {text.settings_line(line)}
                </button>
              )}{' '}
              <span lang="en">{message}</span>
            </li>
          ))}
        </ul>
      </>
    );
  }
  const of = (takes: 'signal' | 'restart'): string =>
    changed.flatMap((one) => (one.takes === takes ? [one.section] : [])).join(', ');
  return (
    <>
      <p>{text.settings_right}</p>
      {of('restart') !== '' && <p class="notice">{text.settings_restart(of('restart'))}</p>}
      {of('signal') !== '' && <p class="notice">{text.settings_signal(of('signal'))}</p>}
    </>
  );
}
