/** Topics within an English sentence: a label such as "Company | Product News" is a heading, and of another hand. Pure. */

const IN_SENTENCES: Readonly<Record<string, string>> = {
  'Analyst Update': 'what analysts say',
  'Fed | Central Banks': 'the Fed and central banks',
  'Company | Product News': 'the company and its products',
  'Treasuries | Corporate Debt': 'government and company debt',
  Dividend: 'dividends',
  Earnings: 'earnings',
  'Energy | Oil': 'energy and oil',
  Financials: 'financial figures',
  Currencies: 'currencies',
  'General News | Opinion': 'general news and opinion',
  'Gold | Metals | Materials': 'gold, metals and materials',
  IPO: 'going public',
  'Legal | Regulation': 'law and regulation',
  'M&A | Investments': 'mergers and investments',
  Macro: 'the economy at large',
  Markets: 'the markets',
  Politics: 'politics',
  'Personnel Change': 'changes of personnel',
  'Stock Commentary': 'comment on shares',
  'Stock Movement': 'movements of shares',
};

/** As a sentence says it after "about"; a label of another model with its bars read as commas. */
export function topicInEnglish(label: string): string {
  return (Object.hasOwn(IN_SENTENCES, label) ? IN_SENTENCES[label] : undefined) ?? label.replaceAll(' | ', ', ');
}
