import type { Config } from '../config/config.ts';
import type { Model } from '../core/candidate.ts';
import type { Clock } from '../core/clock.ts';
import type { Completion, OutcomeStore } from '../core/outcome.ts';
import type { Watched } from '../rewards/rewarder.ts';
import { readChatAnswer, type ChatAnswer } from '../wire/chat-answer.ts';
import { decideAside, type Aside } from './aside.ts';
import { asOwn, createOwnWork } from './own-work.ts';
import { secondPurpose } from './purposes.ts';

export interface SecondAnswersParts {
  readonly aside: Aside;
  readonly store: Pick<OutcomeStore, 'decision' | 'completion'>;
  readonly clock: Clock;
  readonly current: () => { readonly config: Config; readonly models: ReadonlyMap<string, Model> };
  /** Scores the answer by all that needs no next turn: rules, verifiers, the judge. The decision is the answer's own. */
  readonly score: (route: string, watched: Watched, answer: ChatAnswer, model: string) => void;
  readonly measured: (completion: Completion, purpose: string) => void;
  readonly onTrouble: (message: string) => void;
}

/** First in the note of every fact about a second answer; see PolicyDecision. */
const note = [1];

/**
 * Asks for the second answer that a policy drew, where the route pays for it, once the client has its own. What is learned
 * of it is a decision of its own under `#second/ROUTE`, drawn with the propensity that the policy told; only the policy's
 * memory hears of it. Where the draw fell on the model that served, its answer is there already: nothing is asked, and it
 * is scored once more for the draw, so that popular models are not heard of too seldom.
 */
export function createSecondAnswers(
  parts: SecondAnswersParts,
): (watched: Watched, answer: ChatAnswer, servedModel: string) => void {
  const { aside, store, clock, current, score, measured, onTrouble } = parts;
  const run = createOwnWork('A second answer was not asked for', onTrouble);

  return ({ decision: first, query: asked, body }, answer, servedModel) => {
    const { second, route } = first;
    if (second === undefined) return;
    const { config, models } = current();
    const model = models.get(second.model);
    const paid = config.routes.find(({ name }) => name === route)?.second;
    if (paid === undefined || model === undefined || !config.learning.enabled) return;
    const purpose = secondPurpose(route);
    const query = asOwn(asked, { second_of: first.id, against: servedModel });
    const call = { purpose, model, query, body, draw: { propensity: second.propensity, note } };
    run(async () => {
      if (model.id === servedModel) {
        const decision = decideAside(call, clock);
        store.decision({ at: clock.now(), query, decision });
        store.completion({ decision: decision.id, servedModel, fallback: false, attempts: [] });
        score(route, { decision, query, body }, answer, servedModel);
        return;
      }
      const { decision, completion, bytes } = await aside(call);
      measured(completion, purpose);
      const other = readChatAnswer(bytes, query.stream);
      // Cut short by its limit is no verdict on the model.
      if (other === null || other.finishReason === 'length') return;
      score(route, { decision, query, body }, other, model.id);
    });
  };
}
