import type { Clock } from '../core/clock.ts';
import type { Completion, Reward, RewardReceipt } from '../core/outcome.ts';
import type { Pupil } from './fold.ts';
import { createSampler } from './sampler.ts';
import { usageRewards } from './usage.ts';

const measurable = ['cost', 'latency', 'output_tokens'] as const;

export interface MeasuredOptions {
  readonly clock: Clock;
  /** Requests a second and route whose measurements are learned from. Default 20. */
  readonly measuredPerSecond?: number;
}

/** `Learning.measured`: a sample of what the gateway measured becomes rewards, where some learner wants them. */
export function createMeasured(
  pupils: readonly Pupil[],
  accept: (reward: Reward, caller: null) => Promise<RewardReceipt>,
  { clock, measuredPerSecond = 20 }: MeasuredOptions,
): (completion: Completion, route: string) => void {
  const sample = createSampler(measuredPerSecond, clock);
  /** Whether a route has a learner for anything that is measured; learners are all registered before the first request. */
  const teachable = new Map<string, boolean>();

  const canTeach = (route: string): boolean => {
    const any = pupils.some(({ accepts }) => measurable.some((quantity) => accepts({ route, model: '', quantity })));
    teachable.set(route, any);
    return any;
  };

  return (completion, route) => {
    const any = teachable.get(route) ?? canTeach(route);
    if (!any || !sample(route)) return;
    for (const reward of usageRewards(completion, clock.now())) {
      const subject = { route, model: completion.servedModel ?? '', quantity: reward.quantity };
      if (!pupils.some(({ accepts }) => accepts(subject))) continue;
      // Lost with its decision when the database is: the store counts and tells that.
      accept(reward, null).catch(() => {});
    }
  };
}
