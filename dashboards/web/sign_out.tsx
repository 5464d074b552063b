/** Leaving a browser that others use, where one came in by a token. A form: nothing that is only asked for changes anything (guard.ts). */
import { forgetDrafts } from './draft.ts';
import { useFeedback } from './feedback.tsx';
import { useInterface } from './i18n.ts';

export function SignOut() {
  const { text } = useInterface();
  const { signedIn } = useFeedback();
  if (!signedIn) return null;
  return (
    <form method="post" action="/logout" class="sign-out" onSubmit={forgetDrafts}>
      <button type="submit" class="text-button">
        {text.sign_out}
      </button>
    </form>
  );
}
