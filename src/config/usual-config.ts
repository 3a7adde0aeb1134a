import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Config } from './config.ts';
import { readEnvironment } from './environment.ts';
import { loadConfig, type LoadOptions } from './load.ts';

/** Looked for in the working directory. */
export const usualFile = 'pointsman.yaml';

/** The file that is named, else `POINTSMAN_CONFIG`, else `./pointsman.yaml`, else the built-in simulated models. */
export function loadUsualConfig(path: string | null, options: LoadOptions = {}): Config {
  const { configPath } = readEnvironment(options.environment);
  const usual = resolve(options.workingDirectory ?? process.cwd(), usualFile);
  return loadConfig(path ?? configPath?.value ?? (existsSync(usual) ? usual : null), options);
}
