import type { Backend, BackendCall, BackendEvents, CallHandle } from '../core/backend.ts';
import type { Target } from '../core/candidate.ts';
import type { Clock } from '../core/clock.ts';
import { recordedAnswer, simulateAnswer } from './simulated/answer.ts';
import { behaviourOf, type Behaviour } from './simulated/options.ts';
import { simulateEmbeddings } from './simulated/embedding.ts';
import { readPrompt } from './simulated/prompt.ts';
import { SimulatedCall } from './simulated/simulated-call.ts';

/** One cell of a data set: what a model said to a prompt, what it cost and how good it was. */
export interface Recorded {
  readonly answer: string;
  /** US dollars; null lets the price table speak. */
  readonly costUsd: number | null;
  /** In [0, 1]. */
  readonly quality: number;
}

/** `prompt` is the text of the last user message. Null where nothing was recorded. */
export type RecordedLookup = (model: string, prompt: string) => Recorded | null;

/**
 * Models without a model: seeded answers with a planted skill by subject, believable latency and usage, no network.
 * Every answer says that it is simulated, in its text, in `system_fingerprint` and in a `simulated` member that tells
 * the answer's quality. `recorded` is asked first, so that a data set can be replayed. One choice; tools are ignored.
 */
export function createSimulated(context: {
  readonly clock: Clock;
  readonly recorded?: RecordedLookup | undefined;
}): Backend {
  const behaviours = new WeakMap<Target, Behaviour>();
  return {
    formats: new Set(['openai-chat', 'openai-completion', 'openai-embedding']),
    call(call, events) {
      let behaviour = behaviours.get(call.target);
      if (behaviour === undefined) {
        behaviour = behaviourOf(call.target.options);
        behaviours.set(call.target, behaviour);
      }
      const name = call.target.upstreamModel ?? call.model;
      if (call.format === 'openai-embedding')
        return embed(call, events, name, behaviour.dimensions ?? call.dimensions ?? null);
      const prompt = readPrompt(call.body.parsed);
      const recorded = context.recorded?.(name, prompt.text) ?? null;
      const answer = recorded
        ? recordedAnswer(behaviour, recorded, prompt.maxTokens)
        : simulateAnswer(name, behaviour, prompt.text, prompt.maxTokens);
      const running = new SimulatedCall(call, events, context.clock, answer, prompt.tokens, recorded?.costUsd ?? null);
      running.start();
      return running;
    },
    async close() {},
  };
}

/** A turn later, since nothing may be told before the call returns. */
function embed(call: BackendCall, events: BackendEvents, model: string, dimensions: number | null): CallHandle {
  const immediate = setImmediate(() => {
    const { body, inputTokens } = simulateEmbeddings(call.body.parsed, model, dimensions);
    events.answer({ status: 200, headers: { 'content-type': 'application/json' } });
    events.data(body, true);
    events.end({ usage: { inputTokens, cachedTokens: 0, outputTokens: 0 }, costUsd: null, finishReason: 'stop' });
  });
  return { resume() {}, abort: () => clearImmediate(immediate) };
}
