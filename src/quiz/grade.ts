/** Goes with every question, so that the answer can be found in what a model writes around it. */
export const answerLine = 'End with one line that holds nothing but "ANSWER:" and the answer.';

/** 1 where the answer that the text ends with is one of those expected, else 0. Case, commas and quotes do not count. */
export function grade(text: string, expect: readonly string[]): 0 | 1 {
  const given = plain(finalAnswer(text));
  return expect.some((each) => plain(each) === given) ? 1 : 0;
}

/** After the last "ANSWER:"; without one, the last line that is not empty. */
function finalAnswer(text: string): string {
  const marked = [...text.matchAll(/answer[\s*]{0,4}:[\s*]{0,4}([^\n]*)/gi)].at(-1)?.[1];
  if (marked !== undefined && marked.trim() !== '') return marked;
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.at(-1) ?? '';
}

const plain = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[\s,"'`*_$]/g, '')
    .replace(/\.$/, '');
