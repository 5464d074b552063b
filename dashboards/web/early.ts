/**
 * Runs before anything else of the page, from a file of its own of 2 kB: asks for the first view's answers, so that they come while the
 * page's script is fetched and read. Rejected: preload links in the HTML (what is asked hangs on the hash, which a server never
 * sees), a script within the HTML (the page's policy allows none, and an exception for one is an exception).
 */
import { readAddress } from './address.ts';
import { askEarly } from './early_answers.ts';
import { opinionsQuery, overviewQuestions, seriesQuestions } from './first_questions.ts';

askEarly(questionsOf(location.search, location.hash));

function questionsOf(search: string, hash: string): string[] {
  const address = readAddress(search);
  if (hash === '' || hash === '#' || hash === '#/')
    return [...Object.values(overviewQuestions(address)), `/api/opinions?${opinionsQuery(address)}`] as string[];
  const [, kind, written] = /^#\/(entity|topic)\/([^/?#]{1,2000})$/.exec(hash) ?? [];
  if (kind === undefined || written === undefined) return [];
  try {
    const questions = seriesQuestions(kind as 'entity' | 'topic', decodeURIComponent(written), address);
    return Object.values(questions).filter((url) => url !== null);
  } catch {
    return []; // Not what anybody wrote as an address: the page itself says so.
  }
}
