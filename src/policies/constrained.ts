import { Type } from 'typebox';
import type { ModelProfile } from '../core/candidate.ts';
import { definePolicy } from '../core/policy.ts';
import { callOf, leaderPropensities, rank, short, utilities } from '../math/choice.ts';

const dayMs = 86_400_000;
/** Below every utility: who is predicted to be too slow comes after everybody who is not. */
const tooSlow = 1e9;
const day = '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$';

/** Quality against dollars, size, age and time, inside limits that nothing oversteps. */
export default definePolicy({
  summary: 'Predicted quality minus weighted constraints (dollars, size, age, latency), within hard limits.',
  source:
    'Tryage (arXiv 2308.11601): argmin of predicted loss + sum of lambda_j x C_j over constraints such as size and recency. ' +
    'Here each C_j is a share in [0, 1]: size / size_cap_billions, age / age_cap_days (behind the newest model of the route), latency / ' +
    'latency_cap_ms, each at most 1; dollars weigh by lambda as in cost-aware. Hard limits on size, release, licence and region hold for every ' +
    'call under the policy: exploration, fallbacks and conversations too. What is unknown of a model costs its whole weight and meets no limit. ' +
    "Deviations: the loss is an estimator's, not that of a fine-tuned BERT; flags are options of the route, not words in the prompt (a request " +
    'may still wish region, local_only, max_cost_usd and models); max_latency_ms is kept by the choice, as ' +
    'far as it is predicted, not by fallbacks.',
  options: Type.Object({
    lambda: Type.Number({
      minimum: 0,
      default: 50,
      description: "Quality per US dollar; the request's and the route's own lambda go before it.",
    }),
    size_weight: Type.Number({
      minimum: 0,
      default: 0,
      description: 'Quality that a model of size_cap_billions costs.',
    }),
    size_cap_billions: Type.Number({ exclusiveMinimum: 0, default: 100, description: 'Larger counts as this large.' }),
    age_weight: Type.Number({ minimum: 0, default: 0, description: 'Quality that a model of age_cap_days costs.' }),
    age_cap_days: Type.Number({
      exclusiveMinimum: 0,
      default: 730,
      description: 'Days behind the newest model of the route; older counts as this old.',
    }),
    latency_weight: Type.Number({ minimum: 0, default: 0, description: 'Quality that latency_cap_ms costs.' }),
    latency_cap_ms: Type.Number({ exclusiveMinimum: 0, default: 30_000, description: 'Slower counts as this slow.' }),
    max_size_billions: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'No larger model.' })),
    released_from: Type.Optional(
      Type.String({ pattern: day, description: 'No model released before, e.g. `2025-01-31`.' }),
    ),
    licences: Type.Optional(
      Type.Array(Type.String(), { minItems: 1, description: 'Only models under one of these, whatever their case.' }),
    ),
    regions: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        description: 'Only models all of whose targets stand in one of these.',
      }),
    ),
    max_latency_ms: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, description: 'None that is predicted to be slower, unless all are.' }),
    ),
  }),
  uses: ['quality', 'cost', 'latency'],
  example: () => ({
    lambda: 50,
    size_weight: 0.1,
    size_cap_billions: 100,
    age_weight: 0,
    age_cap_days: 730,
    latency_weight: 0.1,
    latency_cap_ms: 30_000,
    max_latency_ms: 20_000,
  }),
  create(options, { models, profiles }) {
    const { max_latency_ms: slowest = Infinity } = options;
    const readsLatency = options.latency_weight > 0 || slowest < Infinity;
    const releases = [...profiles.values()].flatMap(({ released }) =>
      released === null ? [] : [Date.parse(released)],
    );
    const newest = Math.max(...releases);
    const share = (amount: number | null, cap: number): number => (amount === null ? 1 : Math.min(amount / cap, 1));
    /** By model: what is known of it beforehand, in quality. */
    const standing = new Map(
      models.map((model) => {
        const { sizeBillions = null, released = null } = profiles.get(model) ?? {};
        const ageDays = released === null ? null : (newest - Date.parse(released)) / dayMs;
        return [
          model,
          options.size_weight * share(sizeBillions, options.size_cap_billions) +
            options.age_weight * share(ageDays, options.age_cap_days),
        ];
      }),
    );
    const ruledOut = models.flatMap((model): [string, string][] => {
      const why = overstepped(profiles.get(model), options);
      return why === null ? [] : [[model, why]];
    });
    return {
      uses: readsLatency ? ['quality', 'cost', 'latency'] : ['quality', 'cost'],
      forbidden: hasLimits(options) ? new Map(ruledOut) : undefined,
      decide({ candidates, predictions, lambda: asked, random }) {
        const lambda = asked ?? options.lambda;
        const costUsd = predictions.cost.mean;
        const plain = utilities(predictions.quality.mean, costUsd, lambda);
        const latencyOf = (i: number): number => (readsLatency ? (predictions.latency.mean[i] ?? 0) : 0);
        const scores = plain.map((utility, i) => {
          const latencyMs = latencyOf(i);
          const model = candidates[i]?.model ?? '';
          const worth =
            utility -
            (standing.get(model) ?? options.size_weight + options.age_weight) -
            options.latency_weight * share(latencyMs, options.latency_cap_ms);
          return latencyMs > slowest ? -tooSlow * (1 + latencyMs) : worth;
        });
        const ranked = rank(scores, costUsd, random);
        const [first = 0, second] = ranked.ranking;
        const chosen = candidates[first]?.model ?? '';
        const isSlow = latencyOf(first) > slowest;
        const next = second === undefined ? '' : `, next ${candidates[second]?.model ?? ''}`;
        return {
          plan: callOf(candidates, first),
          ranking: ranked.ranking,
          propensities: leaderPropensities(ranked),
          reason: isSlow
            ? `all are predicted to be slower than ${slowest} ms, ${chosen} the least`
            : `utility ${short(plain[first] ?? 0)}, ${short(scores[first] ?? 0)} after its constraints${next}`,
          lambda,
        };
      },
    };
  },
});

interface Limits {
  readonly max_size_billions?: number;
  readonly released_from?: string;
  readonly licences?: readonly string[];
  readonly regions?: readonly string[];
}

const hasLimits = ({ max_size_billions: size, released_from: from, licences, regions }: Limits): boolean =>
  [size, from, licences, regions].some((limit) => limit !== undefined);

/** The first limit that a model does not meet, for people; null where it meets all. */
function overstepped(profile: ModelProfile | undefined, limits: Limits): string | null {
  const { sizeBillions = null, released = null, licence = null, regions: stands = [] } = profile ?? {};
  const { max_size_billions: size, released_from: from, licences, regions } = limits;
  if (size !== undefined && !(sizeBillions !== null && sizeBillions <= size)) {
    return `at most ${size} billion parameters, has ${sizeBillions ?? 'an unknown number'}`;
  }
  // Days written alike compare as text.
  if (from !== undefined && !(released !== null && released >= from)) {
    return `released from ${from} on, was ${released === null ? 'at an unknown day' : `on ${released}`}`;
  }
  if (licences !== undefined && !licences.some((each) => each.toLowerCase() === licence)) {
    return `licence ${licences.join(' or ')}, has ${licence ?? 'an unknown one'}`;
  }
  if (regions === undefined) return null;
  const elsewhere = stands.find((region) => region === null || !regions.includes(region));
  if (elsewhere === undefined && stands.length > 0) return null;
  return `only in ${regions.join(', ')}, is also in ${elsewhere ?? 'an unknown region'}`;
}
