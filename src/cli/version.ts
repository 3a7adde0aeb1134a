import { readFileSync } from 'node:fs';
import { Type } from 'typebox';
import { Value } from 'typebox/value';

const packageFile = Type.Object({ version: Type.String() });

/** Of package.json. */
export function version(): string {
  const file: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return Value.Parse(packageFile, file).version;
}
