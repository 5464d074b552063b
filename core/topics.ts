/**
 * The twenty topics of the shipped model, by their labels in the Twitter Financial News topic set (kept word for word,
 * so that figures compare), with the Chinese names that the page and the alerts show.
 */
export const TOPIC_NAMES_ZH: Readonly<Record<string, string>> = {
  'Analyst Update': '分析师观点',
  'Fed | Central Banks': '美联储与央行',
  'Company | Product News': '公司与产品',
  'Treasuries | Corporate Debt': '国债与公司债',
  Dividend: '分红',
  Earnings: '业绩',
  'Energy | Oil': '能源与石油',
  Financials: '财务数据',
  Currencies: '外汇',
  'General News | Opinion': '综合新闻与评论',
  'Gold | Metals | Materials': '黄金、金属与材料',
  IPO: '新股上市',
  'Legal | Regulation': '法律与监管',
  'M&A | Investments': '并购与投资',
  Macro: '宏观经济',
  Markets: '大盘',
  Politics: '政治',
  'Personnel Change': '人事变动',
  'Stock Commentary': '个股评论',
  'Stock Movement': '个股异动',
};
