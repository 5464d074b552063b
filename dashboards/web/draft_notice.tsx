/** That a form holds what was typed before and is not saved, or could; with the way back. */
import type { Draft } from './draft.ts';
import { useInterface } from './i18n.ts';

export function DraftNotice<Value>({ draft: { found, isChanged, putBack, discard } }: { draft: Draft<Value> }) {
  const { text } = useInterface();
  if (found === 'none' || (found === 'restored' && !isChanged)) return null;
  return (
    <p class="notice" role="status">
      {found === 'restored' ? text.draft_restored : text.draft_older}{' '}
      {found === 'older' && (
        <button type="button" class="text-button" onClick={putBack}>
          {text.draft_put_back}
        </button>
      )}{' '}
      <button type="button" class="text-button" onClick={discard}>
        {text.draft_discard}
      </button>
    </p>
  );
}
