import { PointsmanError } from '../core/errors.ts';

/** How rows become training and test parts. */
export type Protocol =
  /** Two files, or the two parts of a folder. A set in one piece falls back on `hash`. */
  | { readonly type: 'file' }
  /** By a hash of the question; `share` in (0, 1) is tested. */
  | { readonly type: 'hash'; readonly share: number }
  /** Every row is tested once, by what was learned from the other folds. Equal questions share a fold. */
  | { readonly type: 'kfold'; readonly folds: number }
  /** `times` splits by hash, each with a seed of its own. */
  | { readonly type: 'resplit'; readonly times: number; readonly share: number }
  /** Each eval name is tested by what was learned from the others; with `folds`, eval names are tested in so many bundles. */
  | { readonly type: 'group'; readonly folds: number | null }
  /** Each model in turn is new: training knows it on `probes` rows only. */
  | { readonly type: 'model'; readonly probes: number }
  /** Rows are in time order: each of `blocks` blocks but the first is tested by what was learned from all before it. */
  | { readonly type: 'time'; readonly blocks: number };

const defaultShare = 0.3;
const help =
  'file, hash[:SHARE], kfold:K, resplit:N[:SHARE], group[:K] (leave one eval name out), model[:PROBES] (leave one model ' +
  'out) or time[:BLOCKS]';

/** `kfold:5` and the like. Throws `invalid_config` that lists what there is. */
export function parseProtocol(text: string): Protocol {
  const [type = '', first, second, ...more] = text.split(':');
  const refuse = (why: string): PointsmanError =>
    new PointsmanError('invalid_config', `protocol "${text}": ${why}; there is ${help}.`, { param: 'protocol' });
  const whole = (given: string | undefined, least: number, otherwise: number | null): number => {
    const value = given === undefined && otherwise !== null ? otherwise : Number(given);
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw refuse(`a whole number from ${least} up is needed after "${type}:"`);
  };
  const share = (given: string | undefined): number => {
    const value = given === undefined ? defaultShare : Number(given);
    if (value > 0 && value < 1) return value;
    throw refuse('a share between 0 and 1 is needed');
  };
  const only = (most: number): void => {
    if (more.length > 0 || (most < 2 && second !== undefined) || (most < 1 && first !== undefined)) {
      throw refuse('it says too much');
    }
  };
  switch (type) {
    case 'file':
      only(0);
      return { type };
    case 'hash':
      only(1);
      return { type, share: share(first) };
    case 'kfold':
      only(1);
      return { type, folds: whole(first, 2, null) };
    case 'resplit':
      only(2);
      return { type, times: whole(first, 2, null), share: share(second) };
    case 'group':
      only(1);
      return { type, folds: first === undefined ? null : whole(first, 2, null) };
    case 'model':
      only(1);
      return { type, probes: whole(first, 1, 50) };
    case 'time':
      only(1);
      return { type, blocks: whole(first, 2, 2) };
    default:
      throw refuse('there is no such protocol');
  }
}

/** True where the protocol cuts one set of rows by itself, so that a second path has no part in it. */
export function cutsItself(protocol: Protocol): boolean {
  return protocol.type !== 'file' && protocol.type !== 'model';
}

/** For reports. */
export function describeProtocol(protocol: Protocol): string {
  switch (protocol.type) {
    case 'file':
      return 'one split, by file';
    case 'hash':
      return `one split by a hash of the question, ${percent(protocol.share)} tested`;
    case 'kfold':
      return `${protocol.folds}-fold cross-validation by a hash of the question; every row is tested once`;
    case 'resplit':
      return `${protocol.times} seeded splits by a hash of the question, ${percent(protocol.share)} tested in each`;
    case 'group':
      return protocol.folds === null
        ? 'leave one eval name out: each is tested by what was learned from the others'
        : `leave eval names out, in ${protocol.folds} bundles: each is tested by what was learned from the others`;
    case 'model':
      return `leave one model out: each in turn is new, known on ${protocol.probes} training rows only`;
    case 'time':
      return `time order, ${protocol.blocks} blocks: each but the first is tested by what was learned before it`;
    default:
      return protocol satisfies never;
  }
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;
