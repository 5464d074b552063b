/** The frame of a page that is not the overview: the way back, a title that takes the focus, and what to show without data. */
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { useInterface } from './i18n.ts';
import type { Remote } from './remote.ts';
import { Empty, Failed, Skeleton } from './states.tsx';

export function Page({ title, lang, children }: { title: string; lang?: string; children: preact.ComponentChildren }) {
  const { text } = useInterface();
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => heading.current?.focus({ preventScroll: true }), []);
  useEffect(() => {
    document.title = `${title} · Tidewatch`;
  }, [title]);
  return (
    <main id="content" class="view" tabIndex={-1}>
      <header class="view-title">
        <a class="text-button" href="#/">
          <span aria-hidden="true">← </span>
          {text.back}
        </a>
        <h2 ref={heading} tabIndex={-1} lang={lang}>
          {title}
        </h2>
      </header>
      {children}
    </main>
  );
}

/** Loading, failed, or not there. */
export function PageState({ remote, absent, retry }: { remote: Remote<unknown>; absent: string; retry(): void }) {
  const { text } = useInterface();
  const isAbsent = remote.failed && remote.status === 404;
  return (
    <Page title={isAbsent ? absent : remote.failed ? text.failed : text.loading}>
      <section class="card view-head tall">
        {isAbsent && <Empty>{text.absent_hint}</Empty>}
        {remote.failed && !isAbsent && <Failed retry={retry} />}
        {!remote.failed && <Skeleton lines={10} />}
      </section>
    </Page>
  );
}
