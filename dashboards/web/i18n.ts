/**
 * Every word of the interface in English and Chinese. One file a language with the same keys, checked by the compiler:
 * a text that is missing in one language does not build.  Rejected: an i18n
 * library (plural rules for two languages fit in one line) and message files fetched at run time (a flash of keys).
 */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { formats, type Formats } from './format.ts';
import { en, type Messages } from './words_en.ts';
import { zh } from './words_zh.ts';

export type InterfaceLanguage = 'en' | 'zh';

export const MESSAGES: Readonly<Record<InterfaceLanguage, Messages>> = { en, zh };

export interface Interface {
  readonly language: InterfaceLanguage;
  readonly text: Messages;
  readonly format: Formats;
}

const built: Partial<Record<InterfaceLanguage, Interface>> = {};

/** Texts and number formats of one language, made once. */
export function interfaceOf(language: InterfaceLanguage): Interface {
  return (built[language] ??= { language, text: MESSAGES[language], format: formats(language) });
}

export const InterfaceContext = createContext<Interface>(interfaceOf('en'));

/** The interface of the nearest page: `const { text, format } = useInterface()`. */
export function useInterface(): Interface {
  return useContext(InterfaceContext);
}

/** The `lang` of an element whose text is of this language; none where it is not known. */
export function langOf(language: string): string | undefined {
  return language === 'zh' ? 'zh-CN' : language === 'en' ? 'en' : undefined;
}

/** The word for the language of texts; its code where there is none. */
export function languageName(language: string, text: Messages): string {
  if (language === 'en' || language === 'zh' || language === 'other') return text[`language_${language}`];
  return language;
}
