import { PointsmanError } from '../../core/errors.ts';

/** A change of the world at a step; `model` null: all of them. */
export type WorldEvent =
  /** What a call costs is multiplied by `factor`. Announced: predicted costs follow at once, as a price table does. */
  | {
      readonly type: 'price';
      readonly at: number;
      readonly model: string | null;
      readonly factor: number;
      readonly announced: boolean;
    }
  /** From here on the model is right with probability `quality`, whatever is asked. */
  | { readonly type: 'degrade'; readonly at: number; readonly model: string; readonly quality: number }
  /** Until here the model does not exist. */
  | { readonly type: 'arrive'; readonly at: number; readonly model: string }
  /** From here on the model does not exist. */
  | { readonly type: 'vanish'; readonly at: number; readonly model: string };

/** What becomes of labels on their way. Costs are always known, at once. */
export interface Feedback {
  /** Share of requests that are ever labelled, in (0, 1]. */
  readonly share: number;
  /** Steps between a request and its label. */
  readonly delay: number;
  /** Share of labels that say the opposite: 1 − quality. */
  readonly poisoned: number;
}

/** A stream of requests in which only the chosen model's outcome is seen. */
export interface Scenario {
  readonly steps: number;
  /** `random`: rows in random order, in a new one each time round. `file`: as the data set has them, which is time order. */
  readonly order: 'random' | 'file';
  readonly feedback: Feedback;
  readonly events: readonly WorldEvent[];
}

export const everyLabel: Feedback = { share: 1, delay: 0, poisoned: 0 };

const forms =
  'price:MODEL|*:FACTOR@STEP, price-unannounced:MODEL|*:FACTOR@STEP, degrade:MODEL:QUALITY@STEP, arrive:MODEL@STEP or vanish:MODEL@STEP';

/** Reads `price:*:10@8000`. A model id may hold colons. Throws `invalid_config` where the text is none of the forms. */
export function parseEvent(text: string): WorldEvent {
  const match = /^(?<kind>[a-z-]+):(?<rest>.+)@(?<at>\d+)$/.exec(text);
  const { kind = '', rest = '', at: step = '' } = match?.groups ?? {};
  const at = Number(step);
  const colon = rest.lastIndexOf(':');
  const model = rest.slice(0, Math.max(0, colon));
  const amount = Number(rest.slice(colon + 1));
  const told = colon > 0 && rest.slice(colon + 1) !== '' && Number.isFinite(amount) && amount >= 0;
  if ((kind === 'price' || kind === 'price-unannounced') && told) {
    return { type: 'price', at, model: model === '*' ? null : model, factor: amount, announced: kind === 'price' };
  }
  if (kind === 'degrade' && told && amount <= 1) return { type: 'degrade', at, model, quality: amount };
  if ((kind === 'arrive' || kind === 'vanish') && rest !== '') return { type: kind, at, model: rest };
  throw new PointsmanError('invalid_config', `event "${text}": expected ${forms}.`, { param: 'event' });
}

/** Throws `invalid_config` naming an event about a model that the data set lacks. */
export function checkEvents(events: readonly WorldEvent[], models: readonly string[]): void {
  for (const event of events) {
    if (event.model === null || models.includes(event.model)) continue;
    throw new PointsmanError(
      'invalid_config',
      `event ${event.type}: the data set has no model "${event.model}"; it has ${models.join(', ')}.`,
      { param: 'event' },
    );
  }
}
