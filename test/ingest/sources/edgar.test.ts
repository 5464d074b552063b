import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { readFiling } from '../../../ingest/sources/edgar_filing.ts';
import { describeSourceContract } from '../../contracts/source.ts';
import { eventually, openWorkbench, type Workbench } from '../workbench.ts';
import { openApi } from './api_server.ts';

interface Entry {
  readonly form: string;
  readonly company: string;
  readonly cik: string;
  readonly accession: string;
  readonly updated: string;
  readonly summary?: string;
  readonly role?: string;
}

const CONTACT = 'desk@example.com';

/** "Latest Filings" as EDGAR writes them, entry for entry; the newest first, `type` by its beginning, pages. */
async function openEdgar() {
  const entries: Entry[] = [];
  const garbage: { body: string | null } = { body: null };
  const api = await openApi(({ query, headers }, response) => {
    if (!/\S+@\S+\.\S+/.test(headers['user-agent'] ?? '')) {
      response.writeHead(403).end('Undeclared Automated Tool');
      return;
    }
    if (garbage.body !== null) {
      response.end(garbage.body);
      garbage.body = null;
      return;
    }
    const start = Number(query.get('start'));
    const found = entries
      .filter(({ form }) => form.startsWith(query.get('type') ?? ''))
      .toSorted((a, b) => Date.parse(b.updated) - Date.parse(a.updated));
    response
      .setHeader('content-type', 'application/atom+xml')
      .end(Buffer.from(atom(found.slice(start, start + Number(query.get('count')))), 'latin1'));
  });
  return { ...api, entries, garbage };
}

const atom = (entries: readonly Entry[]): string => `<?xml version="1.0" encoding="ISO-8859-1" ?>
<feed xmlns="http://www.w3.org/2005/Atom">
<title>Latest Filings - Mon, 02 Mar 2026 10:16:48 EST</title>
<link rel="alternate" href="/cgi-bin/browse-edgar?action=getcurrent"/>
<link rel="self" href="/cgi-bin/browse-edgar?action=getcurrent"/>
<id>https://www.sec.gov/cgi-bin/browse-edgar?action=getcurrent</id>
<author><name>Webmaster</name><email>webmaster@sec.gov</email></author>
<updated>2026-03-02T10:16:48-05:00</updated>
${entries.map(entryXml).join('\n')}
</feed>`;

const entryXml = ({ form, company, cik, accession, updated, summary = '', role = 'Filer' }: Entry): string => `<entry>
<title>${form} - ${company} (${cik}) (${role})</title>
<link rel="alternate" type="text/html" href="https://www.sec.gov/Archives/edgar/data/${Number(cik)}/${accession.replaceAll('-', '')}/${accession}-index.htm"/>
<summary type="html">
 &lt;b&gt;Filed:&lt;/b&gt; 2026-03-02 &lt;b&gt;AccNo:&lt;/b&gt; ${accession} &lt;b&gt;Size:&lt;/b&gt; 1 MB${summary}
</summary>
<updated>${updated}</updated>
<category scheme="https://www.sec.gov/" label="form type" term="${form}"/>
<id>urn:tag:sec.gov,2008:accession-number=${accession}</id>
</entry>`;

const accession = (number: number): string => `0001234567-26-${String(number).padStart(6, '0')}`;

describeSourceContract('edgar', async () => {
  const origin = await openEdgar();
  return {
    settings: {
      type: 'edgar',
      name: 'sec',
      url: `${origin.url}/cgi-bin/browse-edgar`,
      contact: CONTACT,
      forms: ['8-K'],
    },
    offer: async (items) => {
      for (const { id, text, time } of items) {
        origin.entries.push({
          form: '8-K',
          company: 'Acme Corp',
          cik: '0000123456',
          accession: accession(Number(id.slice(5))),
          updated: time.replace('.000Z', '-00:00'),
          summary: `&lt;br&gt;Item 8.01: ${text}`,
        });
      }
    },
    offerGarbage: async () => {
      origin.garbage.body = '<feed xmlns="http://www.w3.org/2005/Atom"><entry><tit';
      origin.entries.push({
        form: '8-K',
        company: 'No Key',
        cik: 'none',
        accession: accession(999_999),
        updated: '2026-03-02T07:00:00-00:00',
      });
    },
    fail: async (isFailing) => origin.fail(isFailing),
    close: origin.close,
  };
});

describe('an edgar source', { timeout: 60_000 }, () => {
  let bench: Workbench;
  let origin: Awaited<ReturnType<typeof openEdgar>>;
  beforeEach(async () => {
    bench = await openWorkbench();
    origin = await openEdgar();
  });
  afterEach(async () => {
    await bench.close();
    await origin.close();
  });
  const settings = (more: object = {}) => ({
    sources: [{ type: 'edgar', name: 'sec', url: `${origin.url}/cgi-bin/browse-edgar`, contact: CONTACT, ...more }],
  });
  const file = (number: number, over: Partial<Entry> = {}) => {
    const updated = new Date(Date.UTC(2026, 2, 2, 15) + number * 1000).toISOString().replace('.000Z', '-00:00');
    origin.entries.push({
      form: '8-K',
      company: `Company ${number} Inc.`,
      cik: String(1000 + number).padStart(10, '0'),
      accession: accession(number),
      updated,
      ...over,
    });
  };

  it('cannot be set up without an e-mail address, and sends it with every request', async () => {
    await expect(bench.start({ sources: [{ type: 'edgar' }] })).rejects.toThrow('contact');
    await expect(bench.start({ sources: [{ type: 'edgar', contact: 'nobody' }] })).rejects.toThrow('contact');
    await bench.start(settings({ organisation: 'Acme Research' }));
    await eventually(() => origin.requests.length > 0);
    expect(origin.requests[0]?.headers['user-agent']).toBe(`Acme Research ${CONTACT}`);
  });

  it('takes the forms and companies of the settings, amendments with them, and counts the others', async () => {
    file(1);
    file(2, { form: '8-K/A' });
    file(3, { form: '8-K12B' });
    file(4, { form: '10-Q' });
    file(5, { cik: '0000999999' });
    await bench.start(settings({ forms: ['8-K'], ciks: ['1001', '0000001002', '1003', '1004'] }));
    const documents = await bench.documents(2);
    expect(documents.map(({ title }) => title)).toEqual([
      'Company 1 Inc. files 8-K, a current report', 'Company 2 Inc. files 8-K/A, a current report (amended)',
    ]); // prettier-ignore
    expect(await bench.metric('tidewatch_documents_skipped_total', { reason: 'filtered' })).toBeGreaterThanOrEqual(2);
  });

  it('counts a filing that it leaves out, and refuses an odd one, once, however often the list has them', async () => {
    file(1);
    file(2, { form: '8-K12B' });
    file(3, { company: 'No Key', cik: 'none' });
    const stage = await bench.start(settings({ forms: ['8-K'] }));
    await eventually(() => origin.requests.length > 5);
    // After a restart, too, what lies well behind the cursor is known to have been counted.
    file(200);
    expect(await bench.documents(2)).toHaveLength(2);
    await stage.stop();
    const before = origin.requests.length;
    await bench.start(settings({ forms: ['8-K'] }));
    await eventually(() => origin.requests.length > before + 3);
    expect(await bench.deadLetters(1)).toHaveLength(1);
    expect(await bench.metric('tidewatch_documents_skipped_total', { reason: 'filtered' })).toBe(1);
  });

  it('reads the forms behind one that fails', async () => {
    const asked: string[] = [];
    const failing = await openApi(({ query }, response) => {
      asked.push(query.get('type') ?? '');
      response.writeHead(query.get('type') === '8-K' ? 500 : 200, { 'content-type': 'application/atom+xml' });
      response.end(atom([]));
    });
    const stage = await bench.start({
      sources: [{ type: 'edgar', name: 'sec', url: failing.url, contact: CONTACT, forms: ['8-K', '10-K'] }],
    });
    await eventually(() => asked.length >= 4);
    expect(asked.slice(0, 4)).toEqual(['8-K', '10-K', '8-K', '10-K']);
    expect(stage.health()[0]?.reason).toContain('500');
    await stage.stop();
    await failing.close();
  });

  it('takes reports of large holdings by default, amendments with them', async () => {
    file(1, { form: 'SCHEDULE 13D' });
    file(2, { form: 'SCHEDULE 13D/A' });
    await bench.start(settings());
    expect(await bench.documents(2)).toHaveLength(2);
  });

  it('goes back page after page to where it stood, not further', async () => {
    for (let number = 0; number < 150; number += 1) file(number);
    const stage = await bench.start(settings({ forms: ['8-K'] }));
    expect(await bench.documents(100)).toHaveLength(100);
    await stage.stop();
    for (let number = 150; number < 400; number += 1) file(number);
    const before = origin.requests.length;
    const again = await bench.start(settings({ forms: ['8-K'] }));
    expect(await bench.documents(350)).toHaveLength(350);
    await again.stop();
    // A poll that the first stage had on its way when it stopped may reach the server after the count.
    const starts = origin.requests.slice(before).map(({ query }) => query.get('start'));
    const walk = starts.indexOf('100') - 1;
    expect(starts.slice(walk, walk + 3)).toEqual(['0', '100', '200']);
  });

  it('keeps its requests apart, all sources of the process together', async () => {
    await bench.close();
    bench = await openWorkbench(systemClock);
    const [source] = settings({ forms: ['8-K', '10-K', '10-Q', '6-K'], requests_per_second: 10 }).sources;
    await bench.start({ sources: [source, { ...source, name: 'sec2' }] });
    await eventually(() => origin.requests.length >= 8);
    const times = origin.requests.map(({ at }) => at);
    const all = (times.at(-1) ?? 0) - (times[0] ?? 0);
    expect(all).toBeGreaterThan(100 * (times.length - 1) - 60);
  });

  it('rests for minutes where EDGAR blocks it, and says what to do', async () => {
    const blocked = await openApi((_, response) => response.writeHead(403).end('Request Rate Threshold Exceeded'));
    const stage = await bench.start({ sources: [{ type: 'edgar', name: 'sec', url: blocked.url, contact: CONTACT }] });
    await eventually(() => stage.health()[0]?.status === 'failing');
    expect(blocked.requests.map(({ query }) => query.get('type'))).not.toContain('6-K');
    expect(stage.health()[0]?.reason).toContain('requests_per_second');
    expect(Date.parse(stage.health()[0]?.next_attempt_at ?? '') - Date.now()).toBeGreaterThan(9 * 60_000);
    await bench.close();
    bench = await openWorkbench();
    await blocked.close();
  });
});

describe('a filing', () => {
  const read = (title: string, text = '', url = `https://www.sec.gov/x/${accession(7)}-index.htm`) =>
    readFiling({ title, text, url });
  it('says who files what, and the events that an 8-K names', () => {
    const summary =
      '<b>Filed:</b> 2026-03-02 <b>AccNo:</b> x <b>Size:</b> 1 MB<br>Item 2.02: Results of Operations and Financial Condition<br>Item 9.01: Financial Statements and Exhibits';
    expect(read('8-K - TESORO CORP /NEW/ (0000050104) (Filer)', summary)).toMatchObject({
      form: '8-K', cik: '0000050104',
      item: {
        guid: `${accession(7)}:0000050104`, title: 'TESORO CORP /NEW/ files 8-K, a current report',
        text: 'Results of Operations and Financial Condition; Financial Statements and Exhibits',
      },
    }); // prettier-ignore
  });
  it.each([
    ['SCHEDULE 13D', 'SCHEDULE 13D, a report of a holding of more than 5%'],
    ['SCHEDULE 13G/A', 'SCHEDULE 13G/A, a report of a passive holding of more than 5% (amended)'],
    ['SC 13D', 'SC 13D, a report of a holding of more than 5%'],
  ])('%s says what it means, by its present and its former name', (form, said) => {
    expect(read(`${form} - Acme Corp (0000123456) (Subject)`)).toMatchObject({
      form,
      item: { title: `Acme Corp is subject in ${said}` },
    });
  });
  it('has a document for each party, by its part in it', () => {
    expect(read('144 - Scorpio Tankers Inc. (0001483934) (Subject)')).toMatchObject({
      item: { title: 'Scorpio Tankers Inc. is subject in 144' },
    });
  });
  it.each(['Nonsense', '8-K - Acme (12) (Filer)', '8-K - Acme (0000050104)'])(
    'that reads %j is refused with a reason',
    (title) => {
      expect(read(title)).toMatch(/^An entry of EDGAR does not read/);
    },
  );
  it('without an accession number is refused', () => {
    expect(read('8-K - Acme (0000050104) (Filer)', '', 'https://www.sec.gov/')).toMatch(/no accession number/);
  });
});
