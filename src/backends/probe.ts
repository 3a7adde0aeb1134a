import type { Probing, Target } from '../core/candidate.ts';
import { guardedFetch } from '../network/guarded-fetch.ts';

/** What of an answer is read: a page of metrics has tens of kilobytes. */
const longestText = 1_000_000;

/**
 * One GET of a target, outside any request: with the target's key, never following a redirect, since that could carry
 * the key elsewhere. Rejects where no whole answer came in time.
 */
export async function probeTarget(
  target: Target,
  asked: Probing,
): Promise<{
  readonly status: number;
  readonly text: string;
  /** Its `Date` header; null where it sent none. */
  readonly date: string | null;
}> {
  const { baseUrl, apiKey } = target;
  const url = asked.path.startsWith('/') ? new URL(asked.path, baseUrl) : new URL(`${baseUrl}/${asked.path}`);
  const response = await guardedFetch(url, {
    headers: { 'user-agent': 'pointsman', ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }) },
    redirect: 'manual',
    signal: AbortSignal.timeout(asked.timeoutMs),
  });
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > longestText) break;
  }
  return { status: response.status, text, date: response.headers.get('date') };
}
