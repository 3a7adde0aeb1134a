import { PointsmanError } from '../core/errors.ts';
import type { EstimatorContext, Quantity, TrainingRows } from '../core/estimator.ts';

/** True where a value can be learned from: finite, and within the quantity's range. NaN means unobserved. */
export function inRange(quantity: Quantity, value: number): boolean {
  return value >= 0 && value < Infinity && (quantity !== 'quality' || value <= 1);
}

/** Throws `invalid_data` where the arrays do not fit together, or a number cannot be what it claims to be. */
export function checkTrainingRows(owner: string, rows: TrainingRows, context: EstimatorContext): void {
  const refuse = (why: string): never => {
    throw new PointsmanError('invalid_data', `${owner} cannot be trained: ${why}`);
  };
  const { models, dimensions, embeddings, promptTokens, values } = rows;
  const count = promptTokens.length;
  if (dimensions !== context.dimensions) {
    refuse(
      `the rows have ${dimensions} dimensions and the embedder in use ${context.dimensions}. Embed them with that embedder.`,
    );
  }
  if (new Set(models).size !== models.length) refuse('a model stands in two columns. Give every column its own id.');
  if (embeddings.length !== count * dimensions) {
    refuse(`${embeddings.length} embedding numbers do not make ${count} rows of ${dimensions}.`);
  }
  if (values.length !== count * models.length) {
    refuse(`${values.length} values do not make ${count} rows of ${models.length} models.`);
  }
  const badNumber = embeddings.findIndex((value) => !Number.isFinite(value));
  if (badNumber >= 0) refuse(`the embedding of row ${Math.floor(badNumber / dimensions)} is not finite.`);
  const badPrompt = promptTokens.findIndex((tokens) => !(tokens >= 0 && tokens < Infinity));
  if (badPrompt >= 0) refuse(`row ${badPrompt} has ${promptTokens[badPrompt]} prompt tokens.`);
  const bad = values.findIndex((value) => !Number.isNaN(value) && !inRange(context.quantity, value));
  if (bad >= 0) {
    const place = `row ${Math.floor(bad / models.length)}, column "${models[bad % models.length]}"`;
    refuse(`${place} has the ${context.quantity} ${values[bad]}; ${rangeOf(context.quantity)}.`);
  }
}

const rangeOf = (quantity: Quantity): string =>
  quantity === 'quality' ? 'quality lies in [0, 1]' : `${quantity} is finite and not negative`;
