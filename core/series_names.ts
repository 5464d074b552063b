/** Names of what alerts are raised on beside entities and topics, whose names are in the watchlist and in topics.ts. */
export const SOURCE_CLASS_NAMES = {
  news: { en: 'All news', zh: '全部新闻' },
  social: { en: 'All social media', zh: '全部社交媒体' },
} as const;

export const LANGUAGE_NAMES = {
  en: { en: 'English', zh: '英文' },
  zh: { en: 'Chinese', zh: '中文' },
  other: { en: 'Other languages', zh: '其他语言' },
} as const;
