import type { Candidate } from '../core/candidate.ts';

/** What a model's id and price tell before it was ever asked. */
export interface ModelFacts {
  /** Billions of parameters, as the id says them (8x7b: 56); null where it does not. */
  readonly sizeBillions: number | null;
  /** US dollars per million tokens of answer; null where unknown or 0: a model that runs at home has no price to judge by. */
  readonly outputPrice: number | null;
  /** -1: the id says small (mini, flash, haiku); 1: large (opus, pro, ultra); else 0. */
  readonly tier: number;
  /** The id belongs to a kind that thinks at length before it answers. */
  readonly reasons: boolean;
  /** The id says that it only continues text, or is older than chat. */
  readonly isBase: boolean;
}

const small = /(^|[^a-z])(mini|nano|lite|flash|haiku|small|tiny|instant|luna)([^a-z]|$)/;
const large = /(^|[^a-z])(opus|pro|ultra|large|max|core|super)([^a-z]|$)/;
const thinking =
  /(^|[^a-z0-9])(o[1-9]|r1|qwq|z1|rl|thinking|think|reasoning|reasoner|magistral|openthinker\d*)([^a-z0-9]|$)|gpt-[5-9]|gemini-(2\.5|[3-9])|grok-[4-9]|qwen3(?!.*-2507$)|glm-(4\.[5-9]|[5-9])|intern-s/;
/** Beats the pattern above. */
const answersAtOnce = /non-reasoning|non-thinking|no-think|(^|[^a-z])(chat|instruct)([^a-z]|$)|qwen3-coder/;
const base = /(^|[-_/])(hf|base)$|^(llama-2|mistral-7b-v|mixtral-8x7b-v|meta-llama-3(_1)?-\d+b$|yi-\d+b$|gemma-7b$)/;

export function factsOf({ model, price }: Candidate): ModelFacts {
  const id = model.toLowerCase();
  const name = id.slice(id.lastIndexOf('/') + 1);
  return {
    sizeBillions: sizeOf(name),
    outputPrice: price !== null && price.output > 0 ? price.output : null,
    tier: small.test(name) ? -1 : large.test(name) ? 1 : 0,
    reasons: thinking.test(name) && !answersAtOnce.test(name),
    isBase: base.test(name),
  };
}

function sizeOf(name: string): number | null {
  const mixture = /(\d+)x(\d+(?:\.\d+)?)b(?![a-z])/.exec(name);
  if (mixture !== null) return Number(mixture[1]) * Number(mixture[2]);
  // Active parameters ("-a22b") follow the whole and do not count.
  const plain = /(?:^|[^a-z0-9.])(\d+(?:\.\d+)?)b(?![a-z])/.exec(name);
  const size = plain === null ? NaN : Number(plain[1]);
  return size > 0 && size < 1e5 ? size : null;
}

export const factCount = 9;

/** [factCount] numbers of about [-1, 1]; what is not known is 0 with its own sign that says so. */
export function factFeatures({ sizeBillions, outputPrice, tier, reasons, isBase }: ModelFacts): Float64Array {
  const size = sizeBillions === null ? 0 : Math.log2(sizeBillions / 20) / 3;
  const price = outputPrice === null ? 0 : Math.log2(outputPrice / 1) / 4;
  return Float64Array.of(
    1,
    size,
    sizeBillions === null ? 1 : 0,
    price,
    outputPrice === null ? 1 : 0,
    Math.min(0, tier),
    Math.max(0, tier),
    reasons ? 1 : 0,
    isBase ? 1 : 0,
  );
}

const priceAt = 3;
const thinksAt = 7;

/** The features of the same model, its price not known. */
export function withoutPrice(features: Float64Array): Float64Array {
  const out = features.slice();
  out[priceAt] = 0;
  out[priceAt + 1] = 1;
  return out;
}

export const thinks = (features: Float64Array): boolean => features[thinksAt] === 1;
