import { createHash } from 'node:crypto';
import type { RequestBody } from '../core/backend.ts';
import type { Clock } from '../core/clock.ts';
import type { Decision } from '../core/decision.ts';
import type { Reward } from '../core/outcome.ts';
import type { Caller, Query } from '../core/query.ts';
import { seededRandom } from '../core/random.ts';
import type { Carried, ClientSink } from '../upstream/execute.ts';
import { readChatAnswer, type ChatAnswer } from '../wire/chat-answer.ts';
import { AnswerTap } from './answer-tap.ts';
import { Pending } from './pending.ts';
import { refused } from './refusal.ts';
import { requestedJson } from './requested-json.ts';
import type { RewardRules, Rule, VerifierRule } from './rules.ts';
import { malformedCalls, toolResults } from './tool-results.ts';

/** One request whose answer may say something. */
export interface Watched {
  readonly decision: Decision;
  readonly query: Query;
  readonly body: RequestBody;
}

export interface RewarderOptions {
  readonly clock: Clock;
  /** Null: nothing of this route is looked at. */
  readonly rulesOf: (route: string) => RewardRules | null;
  /** Must not throw. */
  readonly give: (reward: Reward) => void;
  /** Whole answers of routes with rules, for those who judge more. Must not throw. */
  readonly onAnswer?: ((watched: Watched, answer: ChatAnswer, servedModel: string) => void) | undefined;
  /** A verifier that rejected or ran out of time. */
  readonly onTrouble?: ((message: string) => void) | undefined;
}

/** Reads what clients and answers say without saying it, and makes rewards of that. */
export interface Rewarder {
  /** The sink to carry the decision out into: the same one where the route has no rules. */
  watch(watched: Watched, sink: ClientSink): ClientSink;
  /** What an answer that no client saw says by itself, by the rules of `route`. The decision is the answer's own. */
  score(route: string, watched: Watched, answer: ChatAnswer): void;
  /** Gives what has become certain by time alone; to be called every second or so. */
  sweep(): void;
  /** Ends verifiers that run. */
  close(): void;
}

const mostPending = 10_000;
/** Tool calls that nobody answers are forgotten after this. */
const toolWaitMs = 3_600_000;
const verifyMs = 30_000;

interface Waiting {
  readonly decision: string;
  readonly rule: Rule;
}

/** Lives as long as the process; what waits is lost with it, and then there simply is no verdict. */
export function createRewarder(options: RewarderOptions): Rewarder {
  const { clock, rulesOf, give, onAnswer, onTrouble = () => undefined } = options;
  const closing = new AbortController();

  const implicit = (decision: string, key: string, passed: boolean, { weight }: Rule): void => {
    give({ decision, source: 'implicit', key, quantity: 'quality', value: passed ? 1 : 0, weight, at: clock.now() });
  };
  const conversations = new Pending<Waiting>(mostPending, ({ decision, rule }) =>
    implicit(decision, 'retried', true, rule),
  );
  const calls = new Pending<Waiting>(mostPending);

  /** What this request says of earlier answers. */
  const lookBack = ({ query: { caller }, body: { parsed } }: Watched): void => {
    const now = clock.monotonic();
    const again = conversations.take(conversationKey(caller, parsed), now);
    if (again !== undefined) implicit(again.decision, 'retried', false, again.rule);
    /** Of each earlier decision, whether all its results were good. */
    const verdicts = new Map<string, { passed: boolean; rule: Rule }>();
    for (const { callId, failed } of toolResults(parsed['messages'])) {
      const call = calls.take(callKey(caller, callId), now);
      if (call === undefined) continue;
      const before = verdicts.get(call.decision)?.passed ?? true;
      verdicts.set(call.decision, { passed: before && !failed, rule: call.rule });
    }
    for (const [decision, { passed, rule }] of verdicts) implicit(decision, 'tool_calls', passed, rule);
  };

  const verify = async (rule: VerifierRule, { decision, query }: Watched, answer: string): Promise<void> => {
    const { verifier, share, weight } = rule;
    if (share < 1 && seededRandom(`${verifier.name}:${decision.id}`).next() >= share) return;
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(verifyMs)]);
    try {
      const { score, confidence } = await verifier.verify(query, answer, signal);
      if (!(score >= 0 && score <= 1 && confidence > 0 && confidence <= 1)) {
        if (confidence !== 0)
          onTrouble(`The verifier ${verifier.name} told ${score} with ${confidence}: not in [0, 1].`);
        return;
      }
      const reward = { source: 'verifier', key: verifier.name, quantity: 'quality' as const, value: score };
      give({ decision: decision.id, ...reward, weight: weight * confidence, at: clock.now() });
    } catch (cause) {
      if (!closing.signal.aborted) onTrouble(`The verifier ${verifier.name} could not tell: ${nameOf(cause)}.`);
    }
  };

  /** All that needs no next turn. */
  const readItself = (watched: Watched, rules: RewardRules, answer: ChatAnswer): void => {
    const { id } = watched.decision;
    const { refusal, json } = rules;
    const saidNo = refused(answer, refusal?.phrases ?? []);
    if (refusal !== null) implicit(id, 'refusal', !saidNo, refusal);
    if (json !== null && !saidNo && answer.toolCalls.length === 0) {
      const came = requestedJson(watched.body.parsed, answer.text);
      if (came !== null) implicit(id, 'json', came, json);
    }
    if (answer.text !== '') for (const rule of rules.verifiers) void verify(rule, watched, answer.text);
  };

  const lookAt = (watched: Watched, rules: RewardRules, answer: ChatAnswer): void => {
    const { decision, query, body } = watched;
    const { id } = decision;
    const { toolCalls, retried } = rules;
    const now = clock.monotonic();
    readItself(watched, rules, answer);
    if (toolCalls !== null && answer.toolCalls.length > 0) {
      if (malformedCalls(body.parsed, answer)) implicit(id, 'tool_calls', false, toolCalls);
      else {
        for (const call of answer.toolCalls) {
          calls.add(callKey(query.caller, call.id), { decision: id, rule: toolCalls }, now + toolWaitMs);
        }
      }
    }
    if (retried !== null) {
      conversations.add(
        conversationKey(query.caller, body.parsed),
        { decision: id, rule: retried },
        now + retried.withinMs,
      );
    }
  };

  const ended = (watched: Watched, rules: RewardRules, carried: Carried, bytes: Buffer | null): void => {
    if (bytes === null || carried.aborted || carried.failure !== null || carried.servedModel === null) return;
    const answer = readChatAnswer(bytes, watched.query.stream);
    // Cut short by its limit is no verdict on the model.
    if (answer === null || answer.finishReason === 'length') return;
    lookAt(watched, rules, answer);
    onAnswer?.(watched, answer, carried.servedModel);
  };

  return {
    watch(watched, sink) {
      if (watched.query.format !== 'openai-chat') return sink;
      const rules = rulesOf(watched.decision.route);
      if (rules === null) return sink;
      lookBack(watched);
      return new AnswerTap(sink, (carried, bytes) => ended(watched, rules, carried, bytes));
    },
    score(route, watched, answer) {
      const rules = rulesOf(route);
      if (rules !== null) readItself(watched, rules, answer);
    },
    sweep() {
      const now = clock.monotonic();
      conversations.sweep(now);
      calls.sweep(now);
    },
    close: () => closing.abort(),
  };
}

/** Never its message: a plug-in may have put the answer into it. */
const nameOf = (cause: unknown): string => (cause instanceof Error ? cause.name : 'it threw');

/** Everything a conversation is made of; two callers never share one. */
function conversationKey({ tenant, key }: Caller, { messages }: Readonly<Record<string, unknown>>): string {
  return createHash('sha256')
    .update(JSON.stringify([tenant, key, messages]))
    .digest('base64url');
}

const callKey = ({ tenant, key }: Caller, id: string): string => JSON.stringify([tenant, key, id.slice(0, 256)]);
