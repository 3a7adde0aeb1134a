import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { PointsmanError } from '../../core/errors.ts';

/** What a program answers to a query, in numbers of ours. */
export type ExecAnswer =
  /** [M] each: our rule trades them off. */
  | { readonly type: 'estimates'; readonly quality: Float64Array; readonly costUsd: Float64Array | null }
  /** [ways x M]: the chance of each model at each trade-off. */
  | { readonly type: 'chances'; readonly ways: number; readonly chances: Float64Array };

const perModel = Type.Union([Type.Array(Type.Number()), Type.Record(Type.String(), Type.Number())]);
const answerSchema = Type.Union([
  Type.Object({ quality: perModel, cost_usd: Type.Optional(perModel) }),
  Type.Object({ probabilities: Type.Array(Type.Array(Type.Number({ minimum: 0 })), { minItems: 1 }) }),
  Type.Object({ choices: Type.Array(Type.String(), { minItems: 1 }) }),
  Type.Object({ model: Type.String() }),
]);

export interface AnswerContext {
  /** For errors: the command. */
  readonly command: string;
  /** The query's sample id. */
  readonly id: string;
  readonly models: readonly string[];
  /** How many trade-offs it was told. */
  readonly ways: number;
}

/** Throws `invalid_data` naming the command, the query and what was wrong with its answer. */
export function readExecAnswer(answer: unknown, context: AnswerContext): ExecAnswer {
  const { command, id, models, ways } = context;
  const refuse = (why: string): PointsmanError =>
    new PointsmanError('invalid_data', `exec "${command}": its answer to query ${JSON.stringify(id)} ${why}.`);
  const said: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'id') : undefined;
  if (said !== undefined && said !== id) throw refuse(`is for query ${JSON.stringify(said)}`);
  if (!Value.Check(answerSchema, answer)) {
    throw refuse('has none of "model", "choices", "probabilities" and "quality" in the shape that is needed');
  }
  const indexOf = (model: string): number => {
    const index = models.indexOf(model);
    if (index < 0) throw refuse(`names a model that there is not: ${JSON.stringify(model.slice(0, 80))}`);
    return index;
  };
  const numbers = (given: readonly number[] | Readonly<Record<string, number>>, what: string): Float64Array => {
    const values = Array.isArray(given)
      ? given
      : models.map((model) => (Object.hasOwn(given, model) ? Reflect.get(given, model) : Number.NaN));
    const out = Float64Array.from(values, Number);
    if (out.length !== models.length || out.some((value) => !Number.isFinite(value))) {
      throw refuse(`needs a finite number in "${what}" for each of ${models.length} models`);
    }
    return out;
  };
  const checkWays = (given: number): void => {
    if (given !== ways && given !== 1) throw refuse(`has ${given} trade-offs where ${ways} were asked for (or 1)`);
  };
  if ('quality' in answer) {
    const costUsd = answer.cost_usd === undefined ? null : numbers(answer.cost_usd, 'cost_usd');
    if (costUsd?.some((cost) => cost < 0) === true) throw refuse('has a cost below 0');
    return { type: 'estimates', quality: numbers(answer.quality, 'quality'), costUsd };
  }
  if ('probabilities' in answer) {
    const { probabilities } = answer;
    checkWays(probabilities.length);
    const chances = Float64Array.from(probabilities.flat());
    const isWhole = (row: readonly number[]): boolean =>
      row.length === models.length && Math.abs(row.reduce((sum, value) => sum + value, 0) - 1) < 1e-6;
    if (!probabilities.every(isWhole)) throw refuse(`needs ${models.length} probabilities that sum to 1 in each row`);
    return { type: 'chances', ways: probabilities.length, chances };
  }
  const chosen = 'choices' in answer ? answer.choices : [answer.model];
  checkWays(chosen.length);
  const chances = new Float64Array(chosen.length * models.length);
  chosen.forEach((model, way) => (chances[way * models.length + indexOf(model)] = 1));
  return { type: 'chances', ways: chosen.length, chances };
}
