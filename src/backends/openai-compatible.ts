import type { LookupFunction } from 'node:net';
import type { Backend } from '../core/backend.ts';
import type { Clock } from '../core/clock.ts';
import type { WireFormat } from '../core/query.ts';
import { withAccent } from './accent.ts';
import { OpenAiCall } from './openai-call.ts';
import { openAiDialects } from './openai-dialect.ts';
import { Pools } from './pools.ts';
import { preparedTargets, upstreamName } from './prepared-target.ts';
import { spliceBody } from './splice.ts';

const formats: ReadonlySet<WireFormat> = new Set(['openai-chat', 'openai-completion', 'openai-embedding']);

/**
 * Every server that speaks OpenAI's chat completions over HTTP/1.1: vLLM, SGLang, llama.cpp, Ollama, TGI, OpenAI ...
 * Bytes go through as they are; see `splice.ts` for what is changed on the way up, `sse-tap.ts` on the way down.
 */
export function createOpenAiCompatible(context: {
  readonly clock: Clock;
  /** Addresses of a name, for each new connection. Left out: the system's, without link-local ones. */
  readonly lookup?: LookupFunction | undefined;
  /** How often names are looked up again, in milliseconds. Left out: as `pools.ts` has it. */
  readonly recheckMs?: number | undefined;
}): Backend {
  const pools = new Pools(context.lookup, context.recheckMs);
  const prepare = preparedTargets();

  return {
    formats,
    call(call, events) {
      const { target, stream } = call;
      const ready = prepare(target);
      const spliced = spliceBody(call.body, upstreamName(ready, target, call.model), stream && ready.streamUsage);
      const body = ready.accent === null ? spliced : withAccent(spliced, call.body.parsed, ready.accent);
      const headers = stream ? ready.streamHeaders : ready.wholeHeaders;
      const running = new OpenAiCall(call, events, context.clock, openAiDialects[call.format]);
      pools.of(ready.origin, target.timeouts.connectMs).dispatch(
        {
          path: ready.paths[call.format],
          method: 'POST',
          headers: [...headers, 'x-request-id', call.requestId],
          body,
        },
        running,
      );
      return running;
    },
    close: () => pools.close(),
  };
}
