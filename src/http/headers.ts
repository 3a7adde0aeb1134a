import type { Decision } from '../core/decision.ts';
import type { PointsmanError } from '../core/errors.ts';
import type { Commit } from '../upstream/execute.ts';

/** Longest value that we write: proxies refuse big header blocks. */
const longestValue = 256;

/** What upstreams may not set for us: framing, the connection, and the names that are ours. */
const ours = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'server',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-request-id',
]);

/** Name, value, name, value ...: the form that `writeHead` takes as it is. */
export type HeaderList = string[];

/** The headers that explain an answer. `overheadMs` is our own time from the whole body to the first call. */
export function answerHeaders(
  requestId: string,
  decision: Decision,
  commit: Commit,
  stream: boolean,
  overheadMs: number,
): HeaderList {
  const list = decisionHeaders(requestId, decision, commit.model, overheadMs, commit.overloaded);
  list.push('x-pointsman-target', headerText(commit.target), 'x-pointsman-attempts', String(commit.attempts));
  if (commit.costUsd !== null) list.push('x-pointsman-cost-usd', commit.costUsd.toFixed(8));
  if (commit.simulated) list.push('x-pointsman-simulated', 'true');
  if (commit.contentLength !== null) list.push('content-length', String(commit.contentLength));
  if (stream) list.push('cache-control', 'no-cache', 'x-accel-buffering', 'no');
  const { headers } = commit.answer;
  if (headers['content-type'] === undefined) {
    list.push('content-type', stream ? 'text/event-stream; charset=utf-8' : 'application/json; charset=utf-8');
  }
  appendUpstream(list, headers, stream);
  return list;
}

/** What is known of a decision whether or not a model answered; `model` is the one that served, null where none did. */
export function decisionHeaders(
  requestId: string,
  decision: Decision,
  model: string | null,
  overheadMs: number,
  overloaded = false,
): HeaderList {
  const list = [
    'x-request-id',
    requestId,
    'x-pointsman-decision',
    decision.id,
    'x-pointsman-route',
    headerText(decision.route),
    'x-pointsman-policy',
    headerText(decision.policy),
    'x-pointsman-reason',
    headerText(decision.reason),
    'x-pointsman-overhead-ms',
    overheadMs.toFixed(2),
  ];
  if (model !== null) {
    list.push('x-pointsman-model', headerText(model));
    const { quality, cost } = decision.predictions;
    if (quality !== undefined || cost !== undefined) {
      const index = decision.candidates.findIndex((candidate) => candidate.model === model);
      const meanQuality = quality?.mean[index];
      const meanCost = cost?.mean[index];
      if (meanQuality !== undefined) list.push('x-pointsman-predicted-quality', meanQuality.toFixed(4));
      if (meanCost !== undefined) list.push('x-pointsman-predicted-cost-usd', meanCost.toFixed(8));
    }
  }
  if (decision.degraded.length > 0 || overloaded) {
    const fallen = overloaded ? [...decision.degraded, 'overload:cheaper_model'] : decision.degraded;
    list.push('x-pointsman-degraded', headerText(fallen.join(', ')));
  }
  return list;
}

/** Adds what a backend found fit to pass on. A value that no header may hold is cleaned, not trusted. */
export function appendUpstream(list: HeaderList, headers: Readonly<Record<string, string>>, stream: boolean): void {
  for (const name in headers) {
    // A stream's caching is ours to say: a buffering proxy would break it.
    if (ours.has(name) || (stream && name === 'cache-control')) continue;
    list.push(name, headerText(headers[name] ?? '', 8_192));
  }
}

/** Milliseconds for an error that promises to pass but whose maker did not know when. */
const defaultRetryAfterMs = 1_000;

/**
 * When to come back, and whether to. `x-should-retry` is what OpenAI's SDKs obey before their own rules: without it they
 * would repeat, on top of our own attempts, whatever has a status of 409, 429 or 500 and above.
 */
export function retryHeaders(error: PointsmanError, shouldRetry: boolean): HeaderList {
  const list = ['x-should-retry', String(shouldRetry)];
  const waitMs = error.retryAfterMs ?? (error.status === 503 ? defaultRetryAfterMs : null);
  if (waitMs !== null) {
    list.push('retry-after', String(Math.ceil(waitMs / 1_000)), 'retry-after-ms', String(Math.ceil(waitMs)));
  }
  return list;
}

/** Text as a header may hold it: printable ASCII, bounded. Common signs get their plain form, others `?`. */
export function headerText(text: string, longest = longestValue): string {
  const end = Math.min(text.length, longest);
  let out = '';
  let from = 0;
  for (let i = 0; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x20 && code <= 0x7e) continue;
    out += text.slice(from, i) + plain(code);
    from = i + 1;
  }
  return from === 0 && end === text.length ? text : out + text.slice(from, end);
}

function plain(code: number): string {
  switch (code) {
    case 0x2212: // minus
    case 0x2013: // en dash
    case 0x2014: // em dash
      return '-';
    case 0xd7: // times
      return 'x';
    case 0x2248: // almost equal
      return '~';
    case 0x2264: // at most
      return '<=';
    case 0x2265: // at least
      return '>=';
    case 0x2192: // arrow
      return '->';
    case 0x0a:
    case 0x0d:
    case 0x09:
      return ' ';
    default:
      return '?';
  }
}
