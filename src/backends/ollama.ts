import type { Backend, BackendCall, BackendEvents, CallHandle } from '../core/backend.ts';
import type { Clock } from '../core/clock.ts';
import { PointsmanError } from '../core/errors.ts';
import type { WireFormat } from '../core/query.ts';
import { ollamaDialect } from './ollama/dialect.ts';
import { NotCarried } from './ollama/messages.ts';
import { ollamaSettings } from './ollama/options.ts';
import { chatRequest, embedRequest, type OllamaRequest } from './ollama/request.ts';
import { OpenAiCall } from './openai-call.ts';
import { Pools } from './pools.ts';
import { preparedTargets } from './prepared-target.ts';

const formats: ReadonlySet<WireFormat> = new Set(['openai-chat', 'openai-embedding']);

/**
 * Ollama by its own API, `/api/chat` and `/api/embed`, translated from and to OpenAI's. What its OpenAI-compatible
 * endpoint lacks is the reason: there `num_ctx` cannot be said, and a prompt that does not fit is cut without a word.
 */
export function createOllama(context: { readonly clock: Clock }): Backend {
  const pools = new Pools();
  const prepare = preparedTargets();
  return {
    formats,
    call(call, events) {
      const { target } = call;
      const settings = ollamaSettings(target);
      const model = target.upstreamModel ?? call.model;
      if (call.promptTokens > settings.contextTokens) {
        const size = `about ${call.promptTokens} tokens, num_ctx is ${settings.contextTokens}`;
        return refuse(call, events, `cannot take this prompt: ${size}`);
      }
      let request: OllamaRequest;
      switch (call.format) {
        case 'openai-completion':
          return refuse(call, events, 'takes chat and embeddings, not text completions');
        case 'openai-embedding':
          request = embedRequest(call, model, settings);
          break;
        case 'openai-chat':
          try {
            request = chatRequest(call, model, settings);
          } catch (thrown) {
            if (thrown instanceof NotCarried) return refuse(call, events, `cannot carry ${thrown.message}`);
            throw thrown;
          }
          break;
        default:
          return call.format satisfies never;
      }
      const ready = prepare(target);
      const dialect = ollamaDialect(request, settings, model, Math.floor(context.clock.now() / 1000));
      const running = new OpenAiCall(call, events, context.clock, dialect);
      const headers = [...ready.wholeHeaders, 'x-request-id', call.requestId];
      // Who moves here from the OpenAI-compatible endpoint has its path in the YAML.
      const path = `${ready.root.replace(/\/(v1|api)$/, '')}${request.path}`;
      pools
        .of(ready.origin, target.timeouts.connectMs)
        .dispatch({ path, method: 'POST', headers, body: request.body }, running);
      return running;
    },
    close: () => pools.close(),
  };
}

/** Nothing is sent; another target may do. A turn later, since nothing may be told before the call returns. */
function refuse({ target }: BackendCall, events: BackendEvents, why: string): CallHandle {
  const immediate = setImmediate(() => {
    const error = new PointsmanError('no_eligible_candidate', `Target "${target.id}" ${why}.`);
    events.fail({ kind: 'status', error, retryable: true, blameless: true });
  });
  return { resume() {}, abort: () => clearImmediate(immediate) };
}
