import { Type } from 'typebox';

/** What a dollar is worth, for policies that weigh cost. */
export const lambdaOption = Type.Number({
  minimum: 0,
  default: 50,
  description: "Quality per US dollar; the request's and the route's own lambda go before it.",
});

/** Options that the context-free optimistic policies share. */
export const trialOptions = {
  lambda: lambdaOption,
  exploration: Type.Number({
    minimum: 0,
    default: 0.5,
    description: 'Width of the confidence bound (xi); larger explores more.',
  }),
} as const;
