import { Type } from 'typebox';
import { PointsmanError } from '../core/errors.ts';
import { defineVerifier } from '../core/verifier.ts';

/** Characters of an answer that an expression is tried on: a slow expression stays bounded. */
const longestTried = 20_000;

/** What an answer has to hold, and must not. */
export default defineVerifier({
  summary:
    'The share of demands that the answer meets: texts it must hold, texts it must not, one expression it must match.',
  options: Type.Object({
    all: Type.Array(Type.String({ minLength: 1 }), { default: [], description: 'Texts that must be there.' }),
    none: Type.Array(Type.String({ minLength: 1 }), { default: [], description: 'Texts that must not be there.' }),
    matches: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'A JavaScript regular expression that must match (first 20,000 characters).',
      }),
    ),
    ignore_case: Type.Boolean({ default: true, description: 'Upper and lower case are the same.' }),
  }),
  create({ all, none, matches, ignore_case: ignoreCase }) {
    if (all.length + none.length === 0 && matches === undefined) {
      throw new PointsmanError('invalid_config', 'verifier contains: name at least one of all, none, matches.');
    }
    const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
    const wanted = all.map(fold);
    const unwanted = none.map(fold);
    const expression = matches === undefined ? null : compile(matches, ignoreCase);
    const demands = wanted.length + unwanted.length + (expression === null ? 0 : 1);
    return (_query, answer) => {
      const text = fold(answer);
      const met =
        wanted.filter((each) => text.includes(each)).length +
        unwanted.filter((each) => !text.includes(each)).length +
        (expression?.test(answer.slice(0, longestTried)) === true ? 1 : 0);
      return Promise.resolve({ score: met / demands, confidence: 1 });
    };
  },
});

function compile(source: string, ignoreCase: boolean): RegExp {
  try {
    return new RegExp(source, ignoreCase ? 'iu' : 'u');
  } catch (cause) {
    throw new PointsmanError('invalid_config', `verifier contains: matches "${source}" is no regular expression.`, {
      cause,
    });
  }
}
