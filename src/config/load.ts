import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { PointsmanError, messageOf } from '../core/errors.ts';
import type { Config } from './config.ts';
import { defaultYaml } from './default-config.ts';
import type { PriceTable } from './price-table.ts';
import { readPriceTable } from './price-table.ts';
import { readConfig } from './read-config.ts';
import type { Environment } from './substitute.ts';
import { readYaml } from './yaml-source.ts';

export interface LoadOptions {
  /** Default `process.env`. */
  readonly environment?: Environment;
  /** Default the working directory of the process. */
  readonly workingDirectory?: string;
  /** Default `data/prices.json`. */
  readonly table?: PriceTable;
}

/** Larger than any configuration by far; a file that was named by mistake is refused before it is parsed. */
const largestFileBytes = 4_000_000;

/**
 * The configuration in a YAML file; with null the built-in one, three simulated models.
 * Throws `invalid_config` that lists everything wrong with file, line, column, path and what was expected.
 */
export function loadConfig(path: string | null, options: LoadOptions = {}): Config {
  if (path === null) return parseConfig(defaultYaml(), null, options);
  const file = resolve(options.workingDirectory ?? process.cwd(), path);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new PointsmanError('invalid_config', `${file} cannot be read: ${messageOf(cause)}.`, { cause });
  }
  if (text.length > largestFileBytes) {
    throw new PointsmanError('invalid_config', `${file} is too large for a configuration; is it the right file?`);
  }
  return parseConfig(text, file, options);
}

/** Three simulated models of the planted world behind the route `auto`, on loopback. */
export function defaultConfig(options: LoadOptions = {}): Config {
  return loadConfig(null, options);
}

/** The same from text. `file` is its absolute path; null: relative paths are relative to the working directory. */
export function parseConfig(text: string, file: string | null, options: LoadOptions = {}): Config {
  const source = readYaml(text, file === null ? '(built in)' : basename(file));
  return readConfig(source, {
    file,
    workingDirectory: options.workingDirectory ?? process.cwd(),
    environment: options.environment ?? process.env,
    table: options.table ?? readPriceTable(),
  });
}
