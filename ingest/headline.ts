/**
 * A text without what outlets hang on it: "UPDATE 1-", "快讯：", a dateline or "RT @name:" before it, " - Outlet",
 * " | Section" and "（来源：…）" behind it. Pure. At least half of a headline stays. Rejected: a list of outlets' names (it is never whole).
 */
const PREFIXES = [
  /^(?:UPDATE|WRAPUP|RECAP)\s?\d*\s?[-–—:：]\s*/i,
  /^(?:CORRECTED|REFILE|EXCLUSIVE|BREAKING(?: NEWS)?|JUST IN|ALERT|NEWS|FLASH|URGENT|DJ|HOT)\s*[-–—:：|!！]+\s*/i,
  /^(?:RT|MT)\s+@\w{1,30}\s*[:：]?\s*/i,
  /^(?:\.?@\w{1,30}[\s:,]+)+/,
  /^\[[^\]]{1,20}\]\s*/,
  // 【快讯】; but 【康美药业:收到立案告知书】 is the headline itself.
  /^【[^】:：]{1,12}】\s*/,
  /^(?:快讯|突发|独家|更新\d{0,2}|重磅|最新|要闻|公告|滚动|转|转发|直播|提示|早报|午评|收评)\s*[:：|!！丨·-]+\s*/,
  // EASTGATE, March 12 (Harbour Wire) - …
  /^[A-Z][A-Z .'/-]{2,30}(?:,\s*[A-Za-z. ]{2,20})?(?:,?\s+[A-Z][a-z]{2,8}\.?\s+\d{1,2},?)?\s*\([^)]{2,30}\)\s*[-–—:]+\s*/,
  // 潮汐社北京3月8日电（记者 程砚）…
  /^[\p{Script=Han}A-Za-z]{2,14}\d{1,2}月\d{1,2}日[电讯]\s*(?:[（(][^）)]{1,20}[）)])?\s*[,，:：]?\s*/u,
];
const SUFFIXES = [
  /(?:\s+[-–—|·]\s+|\s*[|_丨]\s*)[^-–—|·_丨]{1,30}$/u,
  /\s*[（(](?:来源|记者|编辑|作者|责编|source|via|reporting by)\s*[:：]?\s*[^）)]{1,40}[）)]$/iu,
  /\s+via\s+@\w{1,30}$/i,
];

export function bareHeadline(headline: string): string {
  let bare = headline;
  for (let cuts = 0; cuts < 3; cuts += 1) {
    const before = bare;
    for (const prefix of PREFIXES) {
      const shorter = bare.replace(prefix, '');
      if (shorter.length >= 4) bare = shorter;
    }
    if (bare === before) break;
  }
  const least = bare.length / 2;
  for (let cuts = 0; cuts < 3; cuts += 1) {
    const before = bare;
    for (const suffix of SUFFIXES) {
      const shorter = bare.replace(suffix, '');
      if (shorter.length >= least) bare = shorter;
    }
    if (bare === before) break;
  }
  return bare;
}
