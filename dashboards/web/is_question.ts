/**
 * Whether a text asks, rather than names what to look for. What one language can ask the other can, in either writing of Chinese.
 * A company may be called 哪吒, and asks nothing. Pure.
 */
import { simplified } from '../../core/simplified.ts';

const QUESTION =
  /[?？]\s*$|^\s*(?:why|what|how|who|when|which|is|are|did|does)\b|为什么|为[何啥]|怎么|怎样|如何|多少|什么|谁|哪(?![吒咤])|何[时以]|是否|有没有|几[条篇个家次]|[吗呢]\s*[。!！]?\s*$|原因/i;

export function isQuestion(text: string): boolean {
  return QUESTION.test(simplified(text));
}
