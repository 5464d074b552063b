/** What a part of the page shows when it has nothing to show: loading, empty, failed. Same sizes, so nothing jumps. */
import { useInterface } from './i18n.ts';

export function Skeleton({ lines }: { lines: number }) {
  const { text } = useInterface();
  return (
    <div class="skeleton" role="status">
      <span class="visually-hidden">{text.loading}</span>
      {Array.from({ length: lines }, (_, index) => (
        <i key={index} />
      ))}
    </div>
  );
}

export function Empty({ children }: { children: preact.ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

export function Failed({ retry }: { retry(): void }) {
  const { text } = useInterface();
  return (
    <p class="empty" role="alert">
      {text.failed}{' '}
      <button type="button" class="text-button" onClick={retry}>
        {text.retry}
      </button>
    </p>
  );
}
