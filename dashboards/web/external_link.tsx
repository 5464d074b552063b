/** Text from outside, linked where its address is a plain http(s) one. Always a text node, never markup. */
import { safeUrl } from './address.ts';
import { langOf, useInterface } from './i18n.ts';

export function ExternalLink({ url, lang, children }: { url: string | null; lang: string; children: string }) {
  const { text } = useInterface();
  const href = safeUrl(url);
  const language = langOf(lang);
  if (href === null) return <span lang={language}>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      <span lang={language}>{children}</span>
      <span class="visually-hidden"> {text.opens_elsewhere}</span>
    </a>
  );
}
