import { parseConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/config.ts';
import { createPriceTable } from '../../src/config/price-table.ts';
import type { PriceRow } from '../../src/config/price-table.ts';
import { PointsmanError } from '../../src/core/errors.ts';

const row: PriceRow = {
  id: 'known',
  hosts: ['api.known.example'],
  price: { input: 2, cachedInput: 1, output: 8 },
  contextTokens: 1000,
  maxOutputTokens: 100,
  capabilities: ['tools', 'images'],
  source: 'https://known.example/pricing',
  date: '2026-01-31',
};

/** A table of two rows, so that the tests do not move with the market. */
export const table = createPriceTable([
  row,
  { ...row, id: 'elsewhere', hosts: ['api.other.example'], price: { input: 9, cachedInput: 9, output: 9 } },
]);

/** Reads a YAML as if it lay at `/etc/pointsman/test.yaml`. */
export function read(yaml: string, environment: Readonly<Record<string, string>> = {}): Config {
  return parseConfig(yaml, '/etc/pointsman/test.yaml', { environment, table, workingDirectory: '/srv/gateway' });
}

/** The one model that every file needs. */
export const model = 'models: [{ id: m, backend: simulated, price: { input: 1, output: 2 } }]\n';

/** The message of the `invalid_config` that a YAML is refused with. */
export function refusal(yaml: string, environment: Readonly<Record<string, string>> = {}): string {
  try {
    read(yaml, environment);
  } catch (thrown) {
    if (thrown instanceof PointsmanError && thrown.code === 'invalid_config') return thrown.message;
    throw thrown;
  }
  throw new Error('It was accepted.');
}
