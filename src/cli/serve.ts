import { Command } from 'commander';
import type { Config } from '../config/config.ts';
import { configFromFound, findProviders, httpProbe, type FoundModel } from '../config/found.ts';
import type { LoadOptions } from '../config/load.ts';
import { readPriceTable } from '../config/price-table.ts';
import { loadUsualConfig, usualFile } from '../config/usual-config.ts';
import { PointsmanError } from '../core/errors.ts';
import { serve } from '../main.ts';
import { createLogger } from '../telemetry/logger.ts';
import { banner } from './banner.ts';

interface ServeFlags {
  readonly config?: string;
  readonly host?: string;
  readonly port?: string;
  readonly storage?: string;
  readonly useFound?: boolean;
}

/** `pointsman serve`: the gateway. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('Run the gateway.')
    .option('-c, --config <file>', `the YAML; else $POINTSMAN_CONFIG, else ./${usualFile}, else three simulated models`)
    .option('--host <address>', 'address to bind, over the YAML')
    .option('--port <number>', 'port, over the YAML; 0 takes a free one')
    .option('--storage <file>', 'the SQLite file, over the YAML')
    .option('--use-found', 'route between the providers found in the environment and a local Ollama')
    .action(async (flags: ServeFlags) => {
      const options: LoadOptions = { environment: withFlags(process.env, flags) };
      const found = await findProviders(process.env, httpProbe(), readPriceTable());
      const config = chooseConfig(flags, found, options);
      const logger = createLogger({
        level: config.logLevel,
        style: process.stderr.isTTY ? 'pretty' : 'json',
        write: (line) => process.stderr.write(line),
        now: Date.now,
      });
      for (const warning of config.warnings) logger.warn({}, warning);
      const { url } = await serve(config, logger, () => chooseConfig(flags, found, options));
      process.stdout.write(banner(config, url, found, flags.useFound === true));
    });
}

/** Flags are the environment's settings said louder. */
function withFlags(environment: NodeJS.ProcessEnv, flags: ServeFlags): NodeJS.ProcessEnv {
  return {
    ...environment,
    ...(flags.host === undefined ? {} : { POINTSMAN_HOST: flags.host }),
    ...(flags.port === undefined ? {} : { POINTSMAN_PORT: flags.port }),
    ...(flags.storage === undefined ? {} : { POINTSMAN_STORAGE_PATH: flags.storage }),
  };
}

function chooseConfig(flags: ServeFlags, found: readonly FoundModel[], options: LoadOptions): Config {
  if (flags.useFound !== true) return loadUsualConfig(flags.config ?? null, options);
  if (flags.config !== undefined) {
    throw new PointsmanError('invalid_config', 'Say --config or --use-found, not both.');
  }
  const config = configFromFound(found, options);
  if (config !== null) return config;
  throw new PointsmanError(
    'invalid_config',
    "Nothing was found to use: set a provider's key (OPENAI_API_KEY, ...) or start Ollama on its usual port.",
  );
}
