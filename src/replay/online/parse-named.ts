import type { Named } from './bed.ts';

/** `linear-bayes?discount=0.99&alpha=3` to a name and its options; numbers are numbers. */
export function parseNamed(text: string): Named {
  const [name = '', query = ''] = text.split('?', 2);
  const options = [...new URLSearchParams(query)].map(([key, value]) => {
    const number = Number(value);
    return [key, value.trim() === '' || Number.isNaN(number) ? value : number] as const;
  });
  return { name, options: Object.fromEntries(options) };
}
