import { distance } from 'fastest-levenshtein';
import { PointsmanError } from '../core/errors.ts';
import type { Auth, LogLevel } from './config.ts';
import { logLevels } from './config.ts';
import type { Environment } from './substitute.ts';

/** A setting and the variable that it came from. */
export interface Setting<T> {
  readonly name: string;
  readonly value: T;
}

/** What the environment says over the YAML; null where it is silent. */
export interface EnvironmentSettings {
  /** `POINTSMAN_CONFIG`: path of the YAML. */
  readonly configPath: Setting<string> | null;
  /** `POINTSMAN_HOST`, else `HOST`. */
  readonly host: Setting<string> | null;
  /** `POINTSMAN_PORT`, else `PORT`. */
  readonly port: Setting<number> | null;
  /** `POINTSMAN_AUTH`. */
  readonly auth: Setting<Auth> | null;
  /** `POINTSMAN_KEY`: one more key, named `environment`, with every scope. */
  readonly key: Setting<string> | null;
  /** `POINTSMAN_STORAGE_PATH`, relative to the working directory. */
  readonly storagePath: Setting<string> | null;
  /** `POINTSMAN_LOG_LEVEL`. */
  readonly logLevel: Setting<LogLevel> | null;
  readonly warnings: readonly string[];
}

const known = [
  'POINTSMAN_CONFIG',
  'POINTSMAN_HOST',
  'POINTSMAN_PORT',
  'POINTSMAN_AUTH',
  'POINTSMAN_KEY',
  'POINTSMAN_STORAGE_PATH',
  'POINTSMAN_LOG_LEVEL',
] as const;

const auths = ['keys', 'loopback', 'none'] as const satisfies readonly Auth[];

/** This room is the only one that reads `process.env`. Throws `invalid_config` naming the variable. */
export function readEnvironment(environment: Environment = process.env): EnvironmentSettings {
  const first = (...names: readonly string[]): Setting<string> | null => {
    for (const name of names) {
      const value = environment[name]?.trim();
      if (value !== undefined && value !== '') return { name, value };
    }
    return null;
  };
  const port = first('POINTSMAN_PORT', 'PORT');
  return {
    configPath: first('POINTSMAN_CONFIG'),
    host: first('POINTSMAN_HOST', 'HOST'),
    port: port === null ? null : { name: port.name, value: readPort(port) },
    auth: readChoice(first('POINTSMAN_AUTH'), auths),
    key: first('POINTSMAN_KEY'),
    storagePath: first('POINTSMAN_STORAGE_PATH'),
    logLevel: readChoice(first('POINTSMAN_LOG_LEVEL'), logLevels),
    warnings: misspelt(environment),
  };
}

function wrong(setting: Setting<string>, expected: string): PointsmanError {
  const message = `The environment variable ${setting.name} is "${setting.value}"; expected ${expected}.`;
  return new PointsmanError('invalid_config', message, { param: setting.name });
}

function readPort(setting: Setting<string>): number {
  const port = Number(setting.value);
  if (!/^\d+$/.test(setting.value) || port > 65_535) throw wrong(setting, 'a whole number from 0 to 65535');
  return port;
}

function readChoice<T extends string>(setting: Setting<string> | null, choices: readonly T[]): Setting<T> | null {
  if (setting === null) return null;
  const value = choices.find((choice) => choice === setting.value);
  if (value === undefined) throw wrong(setting, choices.join(', '));
  return { name: setting.name, value };
}

/** Variables that look like one of ours with a slip of the finger. */
function misspelt(environment: Environment): string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith('POINTSMAN_') && !known.some((other) => other === name))
    .flatMap((name) => {
      const near = known.find((other) => distance(name, other) <= 2);
      return near === undefined ? [] : [`The environment variable ${name} is not read; did you mean ${near}?`];
    });
}
