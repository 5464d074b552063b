import { describe, expect, it } from 'vitest';
import { documentIdOf } from '../../ingest/identity.ts';

const page = 'https://e.com/live';
const id = (url: string): string | null => documentIdOf('e', { url });

describe('a document that is known by its address', () => {
  it('is one of several on a page, where the fragment names one', () => {
    const items = ['', '#post-1', '#post-2', '#block-65e8f0aa', '#/news/5', '#!/news/five', '#综述2'];
    expect(new Set(items.map((hash) => id(page + hash))).size).toBe(items.length);
  });

  it.each([
    '#xtor=RSS-1', '#ref=rss', '#Echobox=1709634600', '#:~:text=Q3%202024', '#rd', '#wechat_redirect', '#comments',
    '#more-1234', '#综述', '#',
  ])('is the page itself, where the fragment says whence the link came or where it leads: %s', (hash) => {
    expect(id(page + hash)).toBe(id(page));
  }); // prettier-ignore
});
