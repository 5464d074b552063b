/** The words of search, questions and "For you" in English; the keys that Chinese must have too. */

/** Why prose is not shown, as ask/checking.ts and ask/phrasing.ts name it. */
const REFUSALS: Readonly<Record<string, string>> = {
  unavailable: 'it did not answer',
  empty: 'it wrote nothing',
  too_long: 'it wrote too much',
  markup: 'there are links or markup in it',
  uncited: 'a sentence cites no source',
  unknown_citation: 'it cites a source that it was not given',
  number: 'a figure is in none of the sources cited',
  name: 'a name is in none of the sources cited',
  direction: 'it rises or falls where the sources do not',
  negation: 'it denies what the sources do not deny',
  words: 'too much of it is in none of the sources cited',
};

export const findEn = {
  find: 'Search and ask',
  find_short: 'Search',
  find_hint: 'Words, or a question: why is … negative since Tuesday?',
  find_intro:
    'In English or Chinese. Words find names and figures; meaning finds what is said otherwise, or in the other language. A question is answered from what is stored, with its sources.',
  find_button: 'Search',
  find_by: 'Find by',
  by_both: 'Words and meaning',
  by_words: 'Words',
  by_meaning: 'Meaning',
  found_by: 'found by',
  found_words: 'words',
  found_meaning: 'meaning',
  found_entity: 'company',
  results: (count: number) => (count === 1 ? '1 story' : `${count} stories`),
  more_results: 'Show more',
  first_results: (shown: number, all: number) =>
    `These are the first ${shown} of ${all} stories. More exact words, or a shorter range, find the others.`,
  nothing_found: 'Nothing was found in this span. Try other words, or a longer range.',
  meaning_unavailable: 'Meaning was not searched: this process has no model that gives embeddings.',
  meaning_late: 'Meaning was not searched: the model was too busy. Try again soon.',
  answer: 'Answer',
  answer_understood: 'Understood as',
  answer_all: 'all documents',
  answer_default_time: 'the last 7 days',
  answer_facts: 'The facts',
  answer_prose: 'In words, by your language model',
  answer_refused: (reason: string) =>
    `Not in the words of the language model: ${REFUSALS[reason] ?? 'it did not stand the check'}.`,
  answer_sources: 'Sources',
  answer_chart: (before: string, now: string) =>
    `Share of the side asked about over time: ${before} in the time before, ${now} in the time asked about.`,
  answer_asked: 'asked about',
  answer_before: 'before',
  answer_most: (documents: string) => `columns: documents, up to ${documents}`,
  cite: (number: number) => `Source ${number}`,
  likeness: (share: string) => `likeness ${share}`,
  similar: 'More like this',
  no_similar: 'Nothing like it in other stories of this span.',
  for_you: 'For you',
  for_you_intro: (lessons: number) =>
    lessons === 0
      ? 'Nothing is learned yet: what is watched, alarming and fresh comes first. What you open, correct and dismiss moves it.'
      : lessons === 1
        ? 'Learned from one story that you were shown, and what you did with it.'
        : `Learned from ${lessons} stories that you were shown, and what you did with them.`,
  for_you_off: 'Turned off: newest first, and nothing is kept of what you open.',
  for_you_who: 'Say who you are, and stories are ranked by what you open, correct and dismiss.',
  for_you_name: 'Say your name',
  turn_off: 'Turn off',
  turn_on: 'Turn on',
  forget_reading: 'Forget what I read',
  forgotten_reading: 'Forgotten.',
  dismiss: 'Dismiss',
  dismiss_of: (title: string) => `Dismiss: ${title}`,
  dismissed: 'Dismissed.',
  why_shown: 'Because:',
  why_explored: 'Shown by chance, to learn',
  why_fresh: 'it is new',
  why_watched: 'it is about a watched company',
  why_negative: 'it is negative',
  why_size: 'many documents tell it',
  why_spread: 'many sources carry it',
  why_alert: 'an alert is firing',
  why_entity: 'you read about this company',
  why_topic: 'you read about this topic',
  why_source: 'you read this source',
  why_language: 'you read this language',
  no_stories: 'No stories in the last three days.',
  key_find: 'Search and ask',
};
