/**
 * The names of feed elements as the rest of the code knows them, whatever prefix or case a publisher chose: `a:entry`
 * in Atom's namespace is `entry`, `<DC:Creator>` is `dc:creator`. By namespace where one is declared (Namespaces in XML
 * 1.0), by the usual prefix where the declaration was forgotten. Pure.
 */

/** Namespaces by their address without case and trailing "/" or "#"; '' is the feed's own vocabulary. */
const PREFIXES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'http://www.w3.org/2005/atom': 'atom',
    'http://purl.org/atom/ns': 'atom',
    'http://purl.org/rss/1.0': 'rss',
    'http://my.netscape.com/rdf/simple/0.9': 'rss',
    'http://channel.netscape.com/rdf/simple/0.9': 'rss',
    'http://backend.userland.com/rss': 'rss',
    'http://backend.userland.com/rss2': 'rss',
    'http://blogs.law.harvard.edu/tech/rss': 'rss',
    'http://www.w3.org/1999/02/22-rdf-syntax-ns': 'rdf',
    'http://purl.org/dc/elements/1.1': 'dc',
    'http://purl.org/dc/elements/1.0': 'dc',
    'http://purl.org/dc/terms': 'dcterms',
    'http://purl.org/rss/1.0/modules/content': 'content',
    'http://purl.org/rss/1.0/modules/syndication': 'sy',
    'http://www.w3.org/1999/xhtml': 'xhtml',
    'http://www.w3.org/xml/1998/namespace': 'xml',
    'http://search.yahoo.com/mrss': 'media',
    'http://www.itunes.com/dtds/podcast-1.0.dtd': 'itunes',
    'http://www.itunes.com/dtds/podcast-1.0': 'itunes',
  }),
);

const NAMES = new Map(
  'rss channel item items feed entry title link description summary content guid id pubDate published updated issued modified created author name creator subtitle tagline ttl skipHours skipDays hour day language source encoded image textInput updatePeriod updateFrequency'
    .split(' ')
    .map((name) => [name.toLowerCase(), name]),
);

/** Prefix → namespace, of an element and those around it; the empty prefix is the default namespace. */
export type Scope = ReadonlyMap<string, string>;

/** More than any feed declares; each element that declares one copies them all. */
const MAX_PREFIXES = 100;

/** The scope within an element with these attributes. */
export function scopeWithin(scope: Scope, attributes: Readonly<Record<string, string>>): Scope {
  let inner: Map<string, string> | null = null;
  for (const [name, value] of Object.entries(attributes)) {
    if (name !== 'xmlns' && !name.startsWith('xmlns:')) continue;
    inner ??= new Map(scope);
    if (inner.size >= MAX_PREFIXES) break;
    inner.set(name.slice(6).toLowerCase(), value.trim());
  }
  return inner ?? scope;
}

/** The name of a root element: `rdf:RDF`, `rss` and `feed` under any prefix and in any case. */
export function rootName(tag: string): string {
  const local = tag.slice(tag.indexOf(':') + 1);
  const known = { rdf: 'rdf:RDF', rss: 'rss', feed: 'feed', entry: 'entry' }[local.toLowerCase()];
  return known ?? tag;
}

/** The vocabularies whose elements are the feed's own, by its root element. */
export function ownVocabularies(tag: string, scope: Scope): ReadonlySet<string> {
  const root = rootName(tag);
  const declared = vocabularyOf(tag.includes(':') ? tag.slice(0, tag.indexOf(':')) : '', scope);
  const own = { feed: 'atom', entry: 'atom' }[root] ?? 'rss';
  return new Set(root === 'rdf:RDF' ? ['', own] : ['', own, declared]);
}

/**
 * An element's canonical name: without a prefix where it belongs to one of the `own` vocabularies; else with the usual
 * prefix of its namespace, or the one that it has.
 */
export function canonicalName(tag: string, scope: Scope, own: ReadonlySet<string>): string {
  const colon = tag.indexOf(':');
  const local = tag.slice(colon + 1);
  const known = NAMES.get(local.toLowerCase()) ?? local;
  const vocabulary = vocabularyOf(colon === -1 ? '' : tag.slice(0, colon), scope);
  return own.has(vocabulary) ? known : `${vocabulary}:${known}`;
}

/** The usual prefix of a prefix' namespace: 'atom', 'dc'; '' for a default namespace that is none we know. */
function vocabularyOf(prefix: string, scope: Scope): string {
  const address = scope.get(prefix.toLowerCase())?.toLowerCase().replace(/[/#]$/, '');
  return PREFIXES.get(address ?? '') ?? prefix.toLowerCase();
}
