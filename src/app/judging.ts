import type { Config } from '../config/config.ts';
import type { Model } from '../core/candidate.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf, PointsmanError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Reward } from '../core/outcome.ts';
import type { Query } from '../core/query.ts';
import { seededRandom } from '../core/random.ts';
import type { AgreementCounter } from '../judge/agreement.ts';
import { conversationText } from '../judge/conversation.ts';
import type { Judge } from '../judge/judge.ts';
import type { Watched } from '../rewards/rewarder.ts';
import { readChatAnswer, type ChatAnswer } from '../wire/chat-answer.ts';
import { readOpenAiChat } from '../wire/openai-chat.ts';
import type { Aside } from './aside.ts';

/** Route names under which the gateway's own calls are logged and paid. No route can be called so. */
export const judgePurpose = '#judge';
export const shadowPurpose = (route: string): string => `#shadow/${route}`;

export interface JudgingParts {
  readonly aside: Aside;
  readonly clock: Clock;
  readonly agreement: AgreementCounter;
  /** The configuration that serves now. */
  readonly current: () => { readonly config: Config; readonly models: ReadonlyMap<string, Model> };
  readonly give: (reward: Reward) => void;
  /** Once per kind of trouble until one goes well again. */
  readonly onTrouble: (message: string) => void;
}

/** At once; what comes while as many run is not judged. Sampling is what bounds the work, this only keeps a burst small. */
const mostRunning = 8;

/** Grades a share of the answers, and asks a candidate beside the served model for a share of the requests. */
export function createJudging(
  parts: JudgingParts,
): (watched: Watched, answer: ChatAnswer, servedModel: string) => void {
  const { aside, clock, agreement, current, give, onTrouble } = parts;
  let running = 0;
  let trouble: string | null = null;

  /** Loaded at the first verdict: the OpenAI SDK is large, and most gateways have no judge. */
  const judgeFor = async (watched: Watched, what: string, model: Model): Promise<Judge> => {
    const { createJudge } = await import('../judge/judge.ts');
    return createJudge({ model: model.id, fetch: (_url, init) => askInside(aside, watched, what, model, init?.body) });
  };

  const run = (work: () => Promise<void>): void => {
    if (running >= mostRunning) return;
    running++;
    void attempt(work).finally(() => running--);
  };

  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
      trouble = null;
    } catch (cause) {
      // The SDK wraps what its fetch throws.
      const inner: unknown = cause instanceof Error && cause.cause instanceof PointsmanError ? cause.cause : cause;
      const kind = inner instanceof PointsmanError ? inner.code : 'failed';
      // What the request itself forbids is no trouble.
      if (kind === trouble || kind === 'no_eligible_candidate') return;
      trouble = kind;
      onTrouble(`An answer was not judged: ${messageOf(inner)}`);
    }
  };

  return (watched, answer, servedModel) => {
    const { config, models } = current();
    const route = config.routes.find(({ name }) => name === watched.decision.route);
    const model = models.get(config.judge?.model ?? '');
    if (route === undefined || model === undefined || answer.text === '' || answer.toolCalls.length > 0) return;
    const { id } = watched.decision;
    const grading = route.rewards?.judge ?? null;
    // A model does not grade itself.
    if (grading !== null && servedModel !== model.id && drawn('judge', id, grading.share)) {
      run(async () => {
        const judge = await judgeFor(watched, 'grade', model);
        const score = await judge.grade(conversationText(watched.body.parsed), answer.text);
        if (score === null) return;
        agreement.judged(id, score);
        give({
          decision: id,
          source: 'judge',
          key: 'grade',
          quantity: 'quality',
          value: score,
          weight: grading.weight,
          at: clock.now(),
        });
      });
    }
    const { shadow } = route;
    const candidate = models.get(shadow?.candidate ?? '');
    if (shadow === null || candidate === undefined || candidate.id === servedModel) return;
    if (!drawn('shadow', id, shadow.share)) return;
    run(async () => {
      const query = asked(watched.query, { shadow_of: id, against: servedModel });
      const second = await aside({ purpose: shadowPurpose(route.name), model: candidate, query, body: watched.body });
      const other = readChatAnswer(second.bytes, query.stream);
      if (other === null || other.finishReason === 'length' || other.text === '') return;
      const judge = await judgeFor(watched, 'compare', model);
      const value = await judge.compare(conversationText(watched.body.parsed), other.text, answer.text);
      if (value === null) return;
      give({
        decision: second.decision,
        source: 'judge',
        key: 'compare',
        quantity: 'quality',
        value,
        weight: 1,
        at: clock.now(),
      });
    });
  };
}

const drawn = (what: string, id: string, share: number): boolean => seededRandom(`${what}:${id}`).next() < share;

/** The client's request as one of ours: its constraints, none of its names. */
function asked(query: Query, tags: Readonly<Record<string, string>>): Query {
  const { session: _session, ...wishes } = query.wishes;
  return {
    ...query,
    id: newId('req_'),
    caller: { tenant: query.caller.tenant, key: null },
    wishes: { ...wishes, tags },
  };
}

/** What the SDK's fetch is here: the gateway's own way to a model, with the constraints of the request that is judged. */
async function askInside(aside: Aside, watched: Watched, what: string, model: Model, sent: unknown): Promise<Response> {
  if (typeof sent !== 'string') throw new PointsmanError('internal_error', 'The judge sent a body that is no text.');
  const raw = Buffer.from(sent);
  const parsed: Record<string, unknown> = JSON.parse(sent);
  const { tenant } = watched.query.caller;
  const { query } = readOpenAiChat({ raw, parsed }, {}, newId('req_'), { tenant, key: null });
  const { wishes } = asked(watched.query, { judge_of: watched.decision.id, what });
  const answer = await aside({ purpose: judgePurpose, model, query: { ...query, wishes }, body: { raw, parsed } });
  return new Response(new Uint8Array(answer.bytes), { headers: { 'content-type': 'application/json' } });
}
