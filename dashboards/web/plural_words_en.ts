/** One or many, in English: Chinese has no such thing. A library of plurals would know ten languages where one asks. */

export const plural = (count: number, one: string, many: string): string => (count === 1 ? one : many);

/** Of a number that is written already. */
export const several = (count: string, one: string, many: string): string => (count === '1' ? one : many);
