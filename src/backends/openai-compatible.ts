import { Pool } from 'undici';
import type { Backend } from '../core/backend.ts';
import type { Clock } from '../core/clock.ts';
import type { Target } from '../core/candidate.ts';
import { OpenAiCall } from './openai-call.ts';
import { prepareTarget, upstreamName, type PreparedTarget } from './prepared-target.ts';
import { spliceBody } from './splice.ts';

/** Connections to one origin; more calls than that wait for one, against their own deadlines. */
const connections = 1024;

/**
 * Every server that speaks OpenAI's chat completions over HTTP/1.1: vLLM, SGLang, llama.cpp, Ollama, TGI, OpenAI ...
 * Bytes go through as they are; see `splice.ts` for what is changed on the way up, `sse-tap.ts` on the way down.
 */
export function createOpenAiCompatible(context: { readonly clock: Clock }): Backend {
  const pools = new Map<string, Pool>();
  const prepared = new WeakMap<Target, PreparedTarget>();

  const poolOf = (origin: string, connectMs: number): Pool => {
    const key = `${connectMs} ${origin}`;
    let pool = pools.get(key);
    if (pool === undefined) {
      // Deadlines belong to upstream/, which knows a ping from a token; undici's own are switched off.
      pool = new Pool(origin, { connections, connectTimeout: connectMs, headersTimeout: 0, bodyTimeout: 0 });
      pools.set(key, pool);
    }
    return pool;
  };

  const prepare = (target: Target): PreparedTarget => {
    let ready = prepared.get(target);
    if (ready === undefined) {
      ready = prepareTarget(target);
      prepared.set(target, ready);
    }
    return ready;
  };

  return {
    format: 'openai-chat',
    call(call, events) {
      const { target, stream } = call;
      const ready = prepare(target);
      const body = spliceBody(call.body, upstreamName(ready, target, call.model), stream && ready.streamUsage);
      const headers = stream ? ready.streamHeaders : ready.wholeHeaders;
      const running = new OpenAiCall(call, events, context.clock);
      poolOf(ready.origin, target.timeouts.connectMs).dispatch(
        { path: ready.path, method: 'POST', headers: [...headers, 'x-request-id', call.requestId], body },
        running,
      );
      return running;
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
      pools.clear();
    },
  };
}
