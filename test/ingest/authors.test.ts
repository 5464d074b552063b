import { describe, expect, it } from 'vitest';
import { createMemoryState } from '../../core/state/memory.ts';
import { openAuthors, withStoredAuthor } from '../../ingest/authors.ts';

describe('authors', () => {
  it('are kept as a salted hash that is the same for one person however the name is written', () => {
    const authors = openAuthors({}, createMemoryState());
    expect(authors.stored('Ann Lee')).toMatch(/^u_[0-9a-f]{32}$/);
    for (const written of ['@Ann Lee', 'ann lee', 'ＡＮＮ ＬＥＥ', ' Ann  Lee ']) {
      expect(authors.stored(written)).toBe(authors.stored('Ann Lee'));
    }
    expect(authors.stored('Anne Lee')).not.toBe(authors.stored('Ann Lee'));
  });

  it('keep their hash over a restart, and have another in another installation', async () => {
    const state = createMemoryState();
    const first = openAuthors({}, state);
    await first.keep();
    expect(openAuthors({}, state).stored('ann')).toBe(first.stored('ann'));
    expect(openAuthors({}, createMemoryState()).stored('ann')).not.toBe(first.stored('ann'));
  });

  it('hash under the salt of the settings, so that several processes agree', () => {
    const settings = { author_salt: 'a salt of sixteen or more' };
    const [one, two] = [openAuthors(settings, createMemoryState()), openAuthors(settings, createMemoryState())];
    expect(one.stored('ann')).toBe(two.stored('ann'));
    // printf ann | openssl dgst -sha256 -hmac 'a salt of sixteen or more'
    expect(one.stored('ann')).toBe('u_57d42d05fc74385f5beef324b6f179dd');
  });

  it('that are stored already are not hashed again', () => {
    const authors = openAuthors({}, createMemoryState());
    const stored = authors.stored('ann');
    expect(authors.storedOnce(stored)).toBe(stored);
    expect(authors.storedOnce('ann')).toBe(stored);
    expect(authors.storedOnce('u_ann')).toBe(authors.stored('u_ann'));
  });

  it('stay by name where the settings say plain, and are found under every form', () => {
    const authors = openAuthors({ authors: 'plain' }, createMemoryState());
    expect(authors.stored('@Ann')).toBe('@Ann');
    expect(authors.forms('@Ann')).toEqual([expect.stringMatching(/^u_/), '@Ann']);
  });

  it('are not named in what goes to the dead letters', () => {
    const authors = openAuthors({}, createMemoryState());
    expect(withStoredAuthor({ text: 'x', Author: 'Ann', user: { name: 'Ann' }, username: '' }, authors.stored)).toEqual({
      text: 'x', Author: authors.stored('Ann'), user: null, username: '',
    }); // prettier-ignore
    expect(withStoredAuthor('a broken line', authors.stored)).toBe('a broken line');
  });
});
