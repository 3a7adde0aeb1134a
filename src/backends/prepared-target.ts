import { accentOf, type Accent } from './accent.ts';
import type { Target } from '../core/candidate.ts';
import { PointsmanError } from '../core/errors.ts';
import type { WireFormat } from '../core/query.ts';

/** What every call of one target shares, made once. */
export interface PreparedTarget {
  readonly origin: string;
  /** Path of `base_url`, without a trailing slash. */
  readonly root: string;
  /** By what is asked; with the query of `base_url`, if it has one. */
  readonly paths: Readonly<Record<WireFormat, string>>;
  /** Name, value, name, value ...; the request id is added per call. */
  readonly streamHeaders: readonly string[];
  readonly wholeHeaders: readonly string[];
  /** JSON strings of the upstream's name for each model id that was asked for; nearly always one. */
  readonly names: Map<string, Buffer>;
  /** False: the server refuses `stream_options`. */
  readonly streamUsage: boolean;
  /** What has to be said otherwise; null, as nearly always, where nothing has. */
  readonly accent: Accent | null;
}

/** Prepares each target once. */
export function preparedTargets(): (target: Target) => PreparedTarget {
  const prepared = new WeakMap<Target, PreparedTarget>();
  return (target) => {
    let ready = prepared.get(target);
    if (ready === undefined) {
      ready = prepareTarget(target);
      prepared.set(target, ready);
    }
    return ready;
  };
}

/** Throws `invalid_config` where `base_url` is no http(s) URL or the key cannot be sent in a header. */
export function prepareTarget(target: Target): PreparedTarget {
  const url = URL.canParse(target.baseUrl) ? new URL(target.baseUrl) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new PointsmanError(
      'invalid_config',
      `Target "${target.id}": base_url must be an http or https URL such as https://api.example.com/v1.`,
      { param: 'base_url' },
    );
  }
  if (target.apiKey !== null && !/^[\u0021-\u007e]+$/.test(target.apiKey)) {
    throw new PointsmanError(
      'invalid_config',
      `Target "${target.id}": api_key is empty or holds a space, line break or other character that no key has.`,
      { param: 'api_key' },
    );
  }
  const headers = (accept: string): string[] => [
    'content-type',
    'application/json',
    'accept',
    accept,
    'accept-encoding',
    'identity',
    'user-agent',
    'pointsman',
    ...credential(target),
  ];
  const root = url.pathname.replace(/\/+$/, '');
  const path = (end: string): string => `${root}${end}${url.search}`;
  return {
    origin: url.origin,
    root,
    paths: {
      'openai-chat': path('/chat/completions'),
      'openai-completion': path('/completions'),
      'openai-embedding': path('/embeddings'),
    },
    streamHeaders: headers('text/event-stream'),
    wholeHeaders: headers('application/json'),
    names: new Map(),
    streamUsage: target.options['stream_usage'] !== false,
    accent: accentOf(target),
  };
}

function credential({ apiKey, options }: Target): readonly string[] {
  if (apiKey === null) return [];
  return options['auth'] === 'api-key' ? ['api-key', apiKey] : ['authorization', `Bearer ${apiKey}`];
}

/** The value of `model` that goes upstream, as JSON. */
export function upstreamName(prepared: PreparedTarget, target: Target, model: string): Buffer {
  let name = prepared.names.get(model);
  if (name === undefined) {
    name = Buffer.from(JSON.stringify(target.upstreamModel ?? model));
    prepared.names.set(model, name);
  }
  return name;
}
