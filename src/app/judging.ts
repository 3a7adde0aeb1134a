import type { Config } from '../config/config.ts';
import type { Model } from '../core/candidate.ts';
import type { Clock } from '../core/clock.ts';
import { PointsmanError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Reward } from '../core/outcome.ts';
import { seededRandom } from '../core/random.ts';
import type { AgreementCounter } from '../judge/agreement.ts';
import { conversationText } from '../judge/conversation.ts';
import type { Judge } from '../judge/judge.ts';
import type { Watched } from '../rewards/rewarder.ts';
import { readChatAnswer, type ChatAnswer } from '../wire/chat-answer.ts';
import { readOpenAiChat } from '../wire/openai-chat.ts';
import type { Aside } from './aside.ts';
import { asOwn, createOwnWork } from './own-work.ts';
import { judgePurpose, shadowPurpose } from './purposes.ts';

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

export interface Judging {
  /** Grades a share of the answers, and asks a candidate beside the served model for a share of the requests. */
  answered(watched: Watched, answer: ChatAnswer, servedModel: string): void;
  /** Grades an answer that no client saw, where its route has its answers graded. The decision is the answer's own. */
  second(route: string, watched: Watched, answer: ChatAnswer, model: string): void;
}

export function createJudging(parts: JudgingParts): Judging {
  const { aside, clock, agreement, current, give, onTrouble } = parts;
  const run = createOwnWork('An answer was not judged', onTrouble);

  /** Loaded at the first verdict: the OpenAI SDK is large, and most gateways have no judge. */
  const judgeFor = async (watched: Watched, what: string, model: Model): Promise<Judge> => {
    const { createJudge } = await import('../judge/judge.ts');
    return createJudge({ model: model.id, fetch: (_url, init) => askInside(aside, watched, what, model, init?.body) });
  };

  const grade = async (watched: Watched, answer: ChatAnswer, model: Model, weight: number): Promise<number | null> => {
    const judge = await judgeFor(watched, 'grade', model);
    const value = await judge.grade(conversationText(watched.body.parsed), answer.text);
    if (value === null) return null;
    const { id: decision } = watched.decision;
    give({ decision, source: 'judge', key: 'grade', quantity: 'quality', value, weight, at: clock.now() });
    return value;
  };

  const answered: Judging['answered'] = (watched, answer, servedModel) => {
    const { config, models } = current();
    const route = config.routes.find(({ name }) => name === watched.decision.route);
    const model = models.get(config.judge?.model ?? '');
    if (route === undefined || model === undefined || answer.text === '' || answer.toolCalls.length > 0) return;
    const { id } = watched.decision;
    const grading = route.rewards?.judge ?? null;
    // A model does not grade itself.
    if (grading !== null && servedModel !== model.id && drawn('judge', id, grading.share)) {
      run(async () => {
        const score = await grade(watched, answer, model, grading.weight);
        if (score !== null) agreement.judged(id, score);
      });
    }
    const { shadow } = route;
    const candidate = models.get(shadow?.candidate ?? '');
    if (shadow === null || candidate === undefined || candidate.id === servedModel) return;
    if (!drawn('shadow', id, shadow.share)) return;
    run(async () => {
      const query = asOwn(watched.query, { shadow_of: id, against: servedModel });
      const second = await aside({ purpose: shadowPurpose(route.name), model: candidate, query, body: watched.body });
      const other = readChatAnswer(second.bytes, query.stream);
      if (other === null || other.finishReason === 'length' || other.text === '') return;
      const judge = await judgeFor(watched, 'compare', model);
      const value = await judge.compare(conversationText(watched.body.parsed), other.text, answer.text);
      if (value === null) return;
      give({
        decision: second.decision.id,
        source: 'judge',
        key: 'compare',
        quantity: 'quality',
        value,
        weight: 1,
        at: clock.now(),
      });
    });
  };

  return {
    answered,
    second(name, watched, answer, by) {
      const { config, models } = current();
      const model = models.get(config.judge?.model ?? '');
      const grading = config.routes.find((route) => route.name === name)?.rewards?.judge;
      if (!grading || model === undefined || model.id === by || answer.text === '' || answer.toolCalls.length > 0)
        return;
      run(async () => void (await grade(watched, answer, model, grading.weight)));
    },
  };
}

const drawn = (what: string, id: string, share: number): boolean => seededRandom(`${what}:${id}`).next() < share;

/** What the SDK's fetch is here: the gateway's own way to a model, with the constraints of the request that is judged. */
async function askInside(aside: Aside, watched: Watched, what: string, model: Model, sent: unknown): Promise<Response> {
  if (typeof sent !== 'string') throw new PointsmanError('internal_error', 'The judge sent a body that is no text.');
  const raw = Buffer.from(sent);
  const parsed: Record<string, unknown> = JSON.parse(sent);
  const { tenant } = watched.query.caller;
  const { query } = readOpenAiChat({ raw, parsed }, {}, newId('req_'), { tenant, key: null });
  const { wishes } = asOwn(watched.query, { judge_of: watched.decision.id, what });
  const answer = await aside({ purpose: judgePurpose, model, query: { ...query, wishes }, body: { raw, parsed } });
  return new Response(new Uint8Array(answer.bytes), { headers: { 'content-type': 'application/json' } });
}
