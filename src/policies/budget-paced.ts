import { Type } from 'typebox';
import { definePolicy } from '../core/policy.ts';
import { createBudgetPrice } from '../math/budget-price.ts';
import { short } from '../math/choice.ts';
import { policyReference } from '../math/inner-options.ts';
import { memoryOf } from '../math/joint-memory.ts';

/** Any policy that weighs cost, with the price of a dollar moved so that the mean request costs what it may. */
export default definePolicy({
  summary: 'Another policy under a dollar price that keeps spending per request at a budget, whatever prices do.',
  source:
    "A dual price, as ParetoBandit's pacer and Balseiro and Gur's adaptive pacing (2019), for max quality subject to mean " +
    'cost <= budget: the inner policy decides with lambda + price. Deviations: ParetoBandit moves the price by a smoothed gradient ' +
    'and clips it; here it is proportional to accumulated overspending (a virtual queue: Neely, 2010) plus a damping term ' +
    'on the smoothed cost, so that what was overspent in a shock is paid back and the long-run mean meets the budget. The ' +
    "price is the policy's memory: a fold over what requests cost.",
  options: Type.Object({
    policy: policyReference('What decides, given the price: a policy that weighs cost by lambda.'),
    usd_per_request: Type.Number({ exclusiveMinimum: 0, description: 'US dollars that the mean request may cost.' }),
    lambda: Type.Number({
      minimum: 0,
      default: 0,
      description: "Price of a dollar in quality before any overspending; the request's and the route's go before it.",
    }),
    headroom: Type.Number({
      minimum: 0,
      maximum: 0.5,
      default: 0.01,
      description: 'Share of the budget that is left unspent, so that the mean stays below it.',
    }),
    gain: Type.Number({
      exclusiveMinimum: 0,
      default: 0.002,
      description: 'Quality that one budget is worth for each budget of debt; larger reacts faster and swings more.',
    }),
    damping: Type.Number({
      minimum: 0,
      default: 0.02,
      description: 'Quality that one budget is worth when requests cost twice the budget at present.',
    }),
    smoothing: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.02,
      description: 'Weight of the newest cost in the present cost.',
    }),
    most_debt: Type.Number({
      exclusiveMinimum: 0,
      default: 10_000,
      description: 'Debt beyond this many budgets is forgiven.',
    }),
  }),
  uses: ['quality', 'cost'],
  example: () => ({
    policy: { type: 'cost-aware' },
    usd_per_request: 0.001,
    lambda: 0,
    headroom: 0.01,
    gain: 0.002,
    damping: 0.02,
    smoothing: 0.02,
    most_debt: 10_000,
  }),
  create(options, context) {
    const inner = context.policy(options.policy, 'policy');
    const price = createBudgetPrice({
      usdPerRequest: options.usd_per_request * (1 - options.headroom),
      gain: options.gain,
      damping: options.damping,
      smoothing: options.smoothing,
      mostDebt: options.most_debt,
    });
    return {
      uses: inner.uses.includes('cost') ? inner.uses : [...inner.uses, 'cost'],
      memory: memoryOf([price, inner.memory]),
      decide(input) {
        const base = input.lambda ?? options.lambda;
        const decision = inner.decide({ ...input, lambda: base + price.lambda });
        return {
          ...decision,
          reason: `${decision.reason} (dollar price ${short(price.lambda)}, ${short(price.debt)} requests in debt)`,
        };
      },
    };
  },
});
