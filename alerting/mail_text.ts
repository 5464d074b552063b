/**
 * A message as mail: plain text for readers without HTML, and HTML with inline styles only, because mail programs drop
 * style sheets. Every text is escaped; links are http or https or are not links.
 */
import type { Message, Section, Story } from './message.ts';

export function mailText(messages: readonly Message[]): string {
  return messages.map(textOf).join('\n\n* * *\n\n');
}

function textOf({ template, title, sections, page, footer }: Message): string {
  const lines = [title];
  for (const [index, { headline, summary, facts, stories, sparkline, caption }] of sections.entries()) {
    if (index > 0) lines.push('', headline);
    lines.push('', summary);
    if (sparkline !== '') lines.push(`${sparkline}  ${caption}`);
    if (facts.length > 0) lines.push('', ...facts.map(({ label, value }) => `${label}: ${value}`));
    if (stories.length > 0) lines.push('', `${template.stories}:`);
    for (const { title: story, source, url, copies } of stories) {
      lines.push(`- ${story} (${source})${copies === '' ? '' : ` ${copies}`}`, ...(url === null ? [] : [`  ${url}`]));
    }
  }
  if (page !== null) lines.push('', `${template.page}: ${page}`);
  return [...lines, '', footer].join('\n');
}

/** `chart` is the address of the picture within the mail, or null. */
export function mailHtml(messages: readonly Message[], chart: string | null): string {
  const parts = messages.map((message, index) => partOf(message, index === 0 ? chart : null));
  return (
    "<!doctype html><html><body style=\"font-family:system-ui,-apple-system,'PingFang SC','Microsoft YaHei',sans-serif;" +
    `font-size:15px;line-height:1.5;color:#1c2630;max-width:680px">${parts.join('<hr>')}</body></html>`
  );
}

function partOf({ template, title, sections, page, footer }: Message, chart: string | null): string {
  const picture =
    chart === null
      ? ''
      : `<p><img src="${chart}" alt="${escapeHtml(sections[0]?.caption ?? '')}" style="max-width:100%"></p>`;
  const link = page === null ? '' : `<p><a href="${escapeHtml(page)}">${escapeHtml(template.page)}</a></p>`;
  return (
    `<div lang="${template.language}"><h2 style="font-size:20px;margin:0 0 8px">${escapeHtml(title)}</h2>` +
    `${sections.map((section, index) => sectionOf(section, index > 0) + (index === 0 ? picture : '')).join('')}${link}` +
    `<p style="color:#66737f;font-size:12px">${escapeHtml(footer)}</p></div>`
  );
}

function sectionOf({ headline, summary, facts, stories }: Section, withHead: boolean): string {
  const head = withHead ? `<h3 style="font-size:16px;margin:16px 0 4px">${escapeHtml(headline)}</h3>` : '';
  const rows = facts
    .map(
      ({ label, value }) =>
        `<tr><td style="color:#66737f;padding:2px 16px 2px 0;vertical-align:top">${escapeHtml(label)}</td>` +
        `<td>${escapeHtml(value)}</td></tr>`,
    )
    .join('');
  const table = rows === '' ? '' : `<table style="border-collapse:collapse;margin:8px 0">${rows}</table>`;
  const list = stories.length === 0 ? '' : `<ul>${stories.map(storyOf).join('')}</ul>`;
  return `${head}<p style="margin:4px 0">${escapeHtml(summary)}</p>${table}${list}`;
}

function storyOf({ title, source, url, copies }: Story): string {
  const shown = url === null ? escapeHtml(title) : `<a href="${escapeHtml(url)}">${escapeHtml(title)}</a>`;
  const rest = `${source}${copies === '' ? '' : ` · ${copies}`}`;
  return `<li>${shown} <span style="color:#66737f">${escapeHtml(rest)}</span></li>`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
