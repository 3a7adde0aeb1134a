import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { messageOf } from '../../core/errors.ts';
import { dataError } from './data-error.ts';

/** US dollars per million tokens. */
export interface Price {
  readonly input: number;
  readonly output: number;
}

export type Prices = Readonly<Record<string, Price>>;

const price = Type.Object({ input: Type.Number({ minimum: 0 }), output: Type.Number({ minimum: 0 }) });
const file = Type.Object({ models: Type.Record(Type.String(), price) });

/** `{"models": {"<model>": {"input": 0.1, "output": 0.4}}}` in `prices.json`; null where the folder has none. Throws `invalid_data`. */
export function readPrices(folder: string, name: string): Prices | null {
  const path = join(folder, 'prices.json');
  if (!existsSync(path)) return null;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw dataError(`${name}/prices.json`, null, null, `it cannot be read: ${messageOf(cause)}`);
  }
  if (Value.Check(file, value)) return value.models;
  const [error] = Value.Errors(file, value);
  throw dataError(
    `${name}/prices.json`,
    null,
    null,
    `"${error?.instancePath.slice(1) ?? ''}" ${error?.message ?? 'is wrong'}`,
  );
}

export const costOfTokens = (price: Price, input: number, output: number): number =>
  (input * price.input + output * price.output) / 1e6;
