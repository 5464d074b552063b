/** Words that carry no subject, as they occur in headlines and posts. Short on purpose: z-scores leave out the rest. */
const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/u).filter((word) => word !== ''));

export const ENGLISH_STOP_WORDS = words(`
  a about after again all also an and any are as at be because been before being but by can could did do does for from get
  got had has have he her him his how i if in into is it its just like me more most my no nor not now of off on one only or
  our out over own said say says she should so some such than that the their them then there these they this those through
  to too under until up us very via was we were what when where which while who why will with would you your amp com http
  https www rt new today still even much many may might
`);

export const CHINESE_STOP_WORDS = words(`
  的 了 和 是 在 就 都 而 及 与 着 或 一个 没有 我们 你们 他们 它们 自己 这 那 这个 那个 这些 那些 什么 怎么 如何 因为 所以
  但是 而且 如果 虽然 还是 以及 对于 关于 由于 之后 之前 可以 可能 已经 正在 将 被 把 让 向 从 到 等 中 上 下 不 也 又 再 很
  更 最 其 该 此 各 每 为 以 于 并 则 却 仍 仅 只 约 称 表示 进行 有关 相关 今日 昨日 目前
`);
