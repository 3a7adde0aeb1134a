import type { BudgetState, Budgets } from '../limits/budgets.ts';
import { claimAllotment, type Allotment } from '../queue/allotments.ts';
import type { QueueKeys } from '../queue/keys.ts';
import type { RedisSession } from '../queue/redis.ts';

/** After an outage every gateway first says what it has spent, before anybody asks for more: rounds until all have. */
const cautiousRounds = 12;

/** Part of a limit that a gateway holds beyond what it has spent. */
const headroomShare = 0.05;

const nameOf = ({ scope, name }: BudgetState): string => `${scope}:${name}`;

/**
 * Daily limits that hold for all gateways together. Each reserves against what it was allotted, at once and without
 * asking; in the background it asks for more before that is used up, and gives back what it does not need. Without Redis
 * each may also spend its share of what was left when it was last heard of.
 */
export interface SharedBudgets {
  /** Rejects where Redis is gone in between. */
  round(session: RedisSession): Promise<void>;
  /** This gateway ends: others may have what it has not spent. */
  giveBack(session: RedisSession): Promise<void>;
  /** Redis is gone. */
  alone(): void;
}

export function createSharedBudgets(budgets: Budgets, keys: QueueKeys, gateway: () => string): SharedBudgets {
  /** By account: as Redis answered last. */
  const allotments = new Map<string, Allotment>();
  let cautious = 0;

  /** Tells what is spent and reserved, and keeps nothing beyond it. */
  const settle = async (session: RedisSession): Promise<void> => {
    const day = budgets.startOfDay();
    for (const state of budgets.states()) {
      const floor = state.spentUsd + state.reservedUsd;
      const claim = { gateway: gateway(), account: nameOf(state), day, limit: state.limitUsd, floor, want: floor };
      await claimAllotment(session, keys, claim);
    }
  };

  return {
    async round(session) {
      if (cautious > 0) {
        await settle(session);
        cautious--;
        return;
      }
      const day = budgets.startOfDay();
      const states = budgets.states();
      for (const state of states) {
        const { limitUsd: limit, spentUsd, reservedUsd, largestUsd } = state;
        const account = nameOf(state);
        const last = allotments.get(account) ?? { mine: 0, others: 0, holders: 1 };
        const floor = spentUsd + reservedUsd;
        // Near the end of the money nobody holds much that others could spend.
        const even = Math.max(0, limit - last.others - floor) / (2 * last.holders);
        const headroom = Math.max(largestUsd, Math.min(limit * headroomShare, even));
        const want = Math.min(limit, floor + headroom);
        const allotment = await claimAllotment(session, keys, { gateway: gateway(), account, day, limit, floor, want });
        allotments.set(account, allotment);
        budgets.allot(state.scope, state.name, day, allotment.mine);
      }
    },
    giveBack: settle,
    alone() {
      cautious = cautiousRounds;
      const day = budgets.startOfDay();
      for (const state of budgets.states()) {
        const last = allotments.get(nameOf(state));
        if (last === undefined) continue;
        const left = Math.max(0, state.limitUsd - last.others - last.mine);
        budgets.allot(state.scope, state.name, day, last.mine + left / last.holders);
      }
    },
  };
}
