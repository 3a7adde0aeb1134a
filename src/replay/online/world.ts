import { seededRandom } from '../../core/random.ts';
import { rowCount, type Dataset } from '../datasets/dataset.ts';
import type { Scenario } from './scenario.ts';

/** The world at one step: what would come of every model. Arrays follow the data set's models; reused from step to step. */
export interface Moment {
  row: number;
  /** Places of the models that exist, in order. */
  readonly present: number[];
  /** [M] */
  readonly quality: Float64Array;
  /** [M] US dollars. */
  readonly costUsd: Float64Array;
  /** [M] current price over the data set's, as far as it was announced. */
  readonly announced: Float64Array;
  /** [M] the quality a degraded model has on average; NaN for the others. */
  readonly degradedTo: Float64Array;
}

/** Plays a scenario over a data set. Same seed, same world, whatever is chosen in it. */
export function createWorld(dataset: Dataset, scenario: Scenario, seed: string): (step: number) => Moment {
  const models = dataset.models.length;
  const order = rowOrder(rowCount(dataset), scenario, seed);
  const luck = seededRandom(`${seed}:luck`);
  const factor = new Float64Array(models).fill(1);
  const absent = new Set(
    scenario.events.flatMap(({ type, model }) => (type === 'arrive' && model !== null ? [model] : [])),
  );
  const moment: Moment = {
    row: 0,
    present: [],
    quality: new Float64Array(models),
    costUsd: new Float64Array(models),
    announced: new Float64Array(models).fill(1),
    degradedTo: new Float64Array(models).fill(NaN),
  };
  const settle = (): void => {
    moment.present.length = 0;
    dataset.models.forEach((model, m) => {
      if (!absent.has(model)) moment.present.push(m);
    });
  };
  settle();

  return (step) => {
    for (const event of scenario.events) {
      if (event.at !== step) continue;
      dataset.models.forEach((model, m) => {
        if (event.model !== null && event.model !== model) return;
        switch (event.type) {
          case 'price':
            factor[m] = (factor[m] ?? 1) * event.factor;
            if (event.announced) moment.announced[m] = (moment.announced[m] ?? 1) * event.factor;
            break;
          case 'degrade':
            moment.degradedTo[m] = event.quality;
            break;
          case 'arrive':
            absent.delete(model);
            break;
          case 'vanish':
            absent.add(model);
            break;
          default:
            event satisfies never;
        }
      });
      settle();
    }
    moment.row = order[step] ?? 0;
    for (let m = 0; m < models; m++) {
      const cell = moment.row * models + m;
      const degraded = moment.degradedTo[m] ?? NaN;
      const draw = luck.next();
      moment.quality[m] = Number.isNaN(degraded) ? (dataset.quality[cell] ?? 0) : draw < degraded ? 1 : 0;
      moment.costUsd[m] = (dataset.costUsd?.[cell] ?? 0) * (factor[m] ?? 1);
    }
    return moment;
  };
}

function rowOrder(rows: number, { steps, order }: Scenario, seed: string): Int32Array {
  const random = seededRandom(`${seed}:order`);
  const out = new Int32Array(steps);
  const round = Int32Array.from({ length: rows }, (_, row) => row);
  for (let step = 0; step < steps; step++) {
    const place = step % rows;
    if (order === 'random') {
      // Fisher-Yates as the round is dealt: place by place among what is left.
      const other = place + random.integer(rows - place);
      const row = round[other] ?? 0;
      round[other] = round[place] ?? 0;
      round[place] = row;
    }
    out[step] = round[place] ?? 0;
  }
  return out;
}
