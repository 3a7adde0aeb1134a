import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../../config/config.ts';
import { checkIntegrity } from '../../outcomes/integrity.ts';
import { failed, ok, warning, whyOf, type Finding } from './finding.ts';

const least = [20, 19] as const;

/** Node.js itself, against `engines` of package.json. */
export function examineNode(version: string = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const enough = major > least[0] || (major === least[0] && minor >= least[1]);
  return enough
    ? ok('Node.js', version)
    : failed('Node.js', `${version} is too old`, `Install Node.js ${least.join('.')} or newer.`);
}

const fewBytes = 100_000_000;
const someBytes = 1_000_000_000;

/** Where outcomes are kept: can it be written, is there room, is what is there whole? */
export function examineStorage({ storage, locate }: Config): readonly Finding[] {
  const { path } = storage;
  const what = `storage ${path}`;
  const place = locate('storage.path');
  const folder = nearestFolder(dirname(path));
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK);
  } catch (cause) {
    return [failed(what, whyOf(cause), `Give this user the right to write there, or change storage.path (${place}).`)];
  }
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const room = `${(free / 1e9).toFixed(1)} GB free`;
  const mend = `Make room, set storage.retention, or change storage.path (${place}).`;
  const space =
    free < fewBytes ? failed('disk', room, mend) : free < someBytes ? warning('disk', room, mend) : ok('disk', room);
  if (!existsSync(path)) return [ok(what, 'will be made'), space];
  const fault = checkIntegrity(path);
  const megabytes = (statSync(path).size / 1e6).toFixed(1);
  return [
    fault === null
      ? ok(what, `${megabytes} MB, whole`)
      : failed(what, fault, 'Stop the gateway, move the file away and restore a copy; without it a new one is made.'),
    space,
  ];
}

/** The folder, or the nearest above it that exists: the gateway makes the rest. */
function nearestFolder(folder: string): string {
  let place = folder;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  return place;
}
