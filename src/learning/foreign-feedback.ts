import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { OutcomeStore, Reward, RewardReceipt } from '../core/outcome.ts';
import type { Caller } from '../core/query.ts';
import type { RedisLink } from '../queue/redis.ts';

export interface ForeignFeedbackOptions {
  readonly store: OutcomeStore;
  readonly link: RedisLink;
  readonly channel: string;
  /** Unguessable and short. */
  readonly newId: () => string;
  /** A reward that another gateway took was committed here. */
  readonly committed: (seq: number) => void;
}

/**
 * Feedback that reaches another gateway than the one that decided, as it does behind a load balancer. The one that does
 * not know the decision asks all others; the one that does commits the reward, as if it had been sent there, and answers.
 */
export interface ForeignFeedback {
  /** `unknown` where nobody answered in time; a reward that was committed nevertheless is a duplicate when it is sent again. */
  ask(reward: Reward, caller: Caller): Promise<RewardReceipt>;
}

const longestMs = 1_000;

const Question = Type.Object({
  id: Type.String(),
  reward: Type.Object({
    decision: Type.String(),
    source: Type.String(),
    key: Type.String(),
    quantity: Type.Enum(['quality', 'cost', 'latency', 'output_tokens', 'preference']),
    value: Type.Number(),
    weight: Type.Number(),
    at: Type.Number(),
    against: Type.Optional(Type.String()),
  }),
  caller: Type.Object({ tenant: Type.String(), key: Type.Union([Type.String(), Type.Null()]) }),
});

const Answer = Type.Object({ id: Type.String(), receipt: Type.Unsafe<RewardReceipt>({}) });

export function createForeignFeedback(options: ForeignFeedbackOptions): ForeignFeedback {
  const { store, link, channel, newId, committed } = options;
  const waiting = new Map<string, (receipt: RewardReceipt) => void>();

  const tell = async (kind: string, content: object): Promise<void> => {
    if (link.state.type !== 'ready') return;
    await link.state.session.call('PUBLISH', channel, `${kind} ${JSON.stringify(content)}`);
  };

  const answer = async (text: string): Promise<void> => {
    const question: unknown = JSON.parse(text);
    if (!Value.Check(Question, question) || waiting.has(question.id)) return;
    const { id, reward, caller } = question;
    const receipt = await store.reward(reward, caller);
    if (receipt.type === 'unknown') return;
    if (receipt.type === 'accepted') committed(receipt.seq);
    // Nobody there needs the embedding, which the text of a message would make long.
    const told =
      receipt.type === 'accepted' ? { ...receipt, observation: { ...receipt.observation, embedding: null } } : receipt;
    await tell('receipt', { id, receipt: told });
  };

  link.onMessage((text) => {
    // What goes wrong here ends as `unknown` where it was asked.
    if (text.startsWith('feedback ')) answer(text.slice('feedback '.length)).catch(() => undefined);
    if (!text.startsWith('receipt ') || waiting.size === 0) return;
    const said: unknown = JSON.parse(text.slice('receipt '.length));
    if (Value.Check(Answer, said)) waiting.get(said.id)?.(said.receipt);
  });

  return {
    ask(reward, caller) {
      const id = newId();
      return new Promise((resolve) => {
        const end = (receipt: RewardReceipt): void => {
          clearTimeout(timer);
          waiting.delete(id);
          resolve(receipt);
        };
        const timer = setTimeout(() => end({ type: 'unknown' }), longestMs);
        waiting.set(id, end);
        const { tenant, key } = caller;
        tell('feedback', { id, reward, caller: { tenant, key } }).catch(() => end({ type: 'unknown' }));
      });
    },
  };
}
