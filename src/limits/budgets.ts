import type { Clock } from '../core/clock.ts';
import { PointsmanError } from '../core/errors.ts';
import { book, dayMs, dayOf, hasRoom, newLedger, putAside, type Ledger } from './ledger.ts';

/** `usd_per_day` by name; a name that is missing has no limit. A limit of 0 lets only free calls through. */
export interface BudgetLimits {
  /** Of all requests together; null or left out: none. */
  readonly perGateway?: number | null | undefined;
  readonly perRoute: ReadonlyMap<string, number>;
  readonly perKey: ReadonlyMap<string, number>;
}

/** Money put aside for one request until its true cost is known. */
export interface Reservation {
  /** US dollars; null: unknown, so what was put aside counts as spent. Only the first call counts. */
  settle(costUsd: number | null): void;
}

export type Scope = 'gateway' | 'route' | 'key';

/** What one limit stands at today. */
export interface BudgetState {
  readonly scope: Scope;
  readonly name: string;
  readonly limitUsd: number;
  readonly spentUsd: number;
  readonly reservedUsd: number;
  /** The most that one request of it wanted to reserve. */
  readonly largestUsd: number;
}

/**
 * Daily budgets. All requests of the process go through one instance and nothing in it waits, so a check and its
 * reservation cannot be torn apart: while no call costs more than was put aside for it, no limit is ever passed.
 */
export interface Budgets {
  /**
   * `estimateUsd` is the most the request may cost. Throws `budget_exceeded` with the time to the next UTC midnight;
   * then nothing was put aside, in no limit.
   */
  reserve(route: string, key: string | null, estimateUsd: number): Reservation;
  /** Before serving: what the log says was spent since `startOfDay()`. Adds up. */
  seed(rows: readonly { readonly route: string; readonly key: string | null; readonly usd: number }[]): void;
  /** What to ask the store for; milliseconds since the epoch. */
  startOfDay(): number;
  /**
   * The configuration changed. Accounts that stay keep what was spent and reserved; those that are gone let what runs
   * end. Returns what seeds the new ones only, as `seed` does.
   */
  relimit(limits: BudgetLimits): Budgets['seed'];
  states(): readonly BudgetState[];
  /**
   * Where several gateways share the limit: the part of it that this one may spend on the day that begins at `day`. On the
   * next day it holds until the next call. Never called: the whole limit. A name without a limit is ignored.
   */
  allot(scope: Scope, name: string, day: number, usd: number): void;
}

interface Account {
  readonly scope: Scope;
  readonly name: string;
  limit: number;
  ledger: Ledger;
  /** Of the limit, where other gateways share it; else all there is. */
  allotted: number;
  largest: number;
}

const dollars = (usd: number): string => `$${usd.toFixed(usd >= 0.01 || usd === 0 ? 2 : 6)}`;

const unshared = { allotted: Infinity, largest: 0 };

const settledAlready: Reservation = { settle: () => {} };

export function createBudgets({ clock, limits }: { readonly clock: Clock; readonly limits: BudgetLimits }): Budgets {
  const routes = new Map<string, Account>();
  const keys = new Map<string, Account>();
  const wholes = new Map<string, Account>();
  /** Of all requests together, where that is limited. */
  let whole: Account | undefined;

  /** Returns the accounts that were not there before. */
  const limit = (scope: Scope, accounts: Map<string, Account>, of: ReadonlyMap<string, number>): Account[] => {
    for (const name of accounts.keys()) if (!of.has(name)) accounts.delete(name);
    const added: Account[] = [];
    for (const [name, most] of of) {
      const known = accounts.get(name);
      if (known !== undefined) known.limit = most;
      else {
        const account = { scope, name, limit: most, ledger: newLedger(dayOf(clock.now())), ...unshared };
        accounts.set(name, account);
        added.push(account);
      }
    }
    return added;
  };
  const limitAll = ({ perGateway = null, perRoute, perKey }: BudgetLimits): ReadonlySet<Account> => {
    const added = [
      ...limit('route', routes, perRoute),
      ...limit('key', keys, perKey),
      ...limit('gateway', wholes, new Map(perGateway === null ? [] : [['all', perGateway]])),
    ];
    whole = wholes.get('all');
    return new Set(added);
  };
  limitAll(limits);

  /** Today's ledger. Yesterday's stays with the reservations that were made on it. */
  const today = (account: Account, now: number): Ledger => {
    const day = dayOf(now);
    // A wall clock that is set back must not open a day a second time.
    if (day > account.ledger.day) account.ledger = newLedger(day);
    return account.ledger;
  };

  const refuse = (account: Account, now: number, usd: number): PointsmanError => {
    const ledger = today(account, now);
    const reset = ledger.day + dayMs;
    const left = Math.max(0, account.limit - ledger.spent - ledger.reserved);
    if (usd <= left) {
      return new PointsmanError(
        'budget_exceeded',
        `Of the ${dollars(account.limit)} a day that all gateways together may spend (limits, usd_per_day) this one holds ` +
          `${dollars(account.allotted)}, which does not suffice for ${dollars(usd)} more. Others have spent or hold the rest.`,
        { retryAfterMs: 1_000 },
      );
    }
    return new PointsmanError(
      'budget_exceeded',
      `${account.scope === 'gateway' ? 'The gateway' : `The ${account.scope} "${account.name}"`} may spend ${dollars(account.limit)} a day (limits, usd_per_day): ` +
        `${dollars(ledger.spent)} is spent and ${dollars(ledger.reserved)} reserved, so ${dollars(left)} is left and ` +
        `this request may cost ${dollars(usd)}. It resets at ${new Date(reset).toISOString()}.`,
      { retryAfterMs: Math.max(0, reset - now) },
    );
  };

  const seed = (rows: Parameters<Budgets['seed']>[0], only: ReadonlySet<Account> | null): void => {
    const now = clock.now();
    for (const { route, key, usd } of rows) {
      for (const account of [whole, routes.get(route), key === null ? undefined : keys.get(key)]) {
        if (account !== undefined && (only === null || only.has(account))) today(account, now).spent += usd;
      }
    }
  };

  return {
    reserve(route, key, estimateUsd) {
      const byRoute = routes.get(route);
      const byKey = key === null ? undefined : keys.get(key);
      if (byRoute === undefined && byKey === undefined && whole === undefined) return settledAlready;
      if (!(estimateUsd >= 0 && estimateUsd < Infinity)) {
        throw new PointsmanError('internal_error', `A budget cannot reserve ${estimateUsd} dollars.`);
      }
      const now = clock.now();
      const touched: Ledger[] = [];
      for (const account of [whole, byRoute, byKey]) {
        if (account === undefined) continue;
        const ledger = today(account, now);
        if (estimateUsd > account.largest) account.largest = estimateUsd;
        if (!hasRoom(ledger, Math.min(account.limit, account.allotted), estimateUsd))
          throw refuse(account, now, estimateUsd);
        touched.push(ledger);
      }
      for (const ledger of touched) putAside(ledger, estimateUsd);
      let open = true;
      return {
        settle(costUsd) {
          if (!open) return;
          open = false;
          const usd = costUsd ?? estimateUsd;
          for (const ledger of touched) book(ledger, estimateUsd, Number.isFinite(usd) ? usd : estimateUsd);
        },
      };
    },
    seed: (rows) => seed(rows, null),
    relimit(changed) {
      const added = limitAll(changed);
      return (rows) => seed(rows, added);
    },
    startOfDay: () => dayOf(clock.now()),
    states() {
      const now = clock.now();
      return [...(whole === undefined ? [] : [whole]), ...routes.values(), ...keys.values()].map((account) => {
        const { spent, reserved } = today(account, now);
        const { scope, name, limit, largest } = account;
        return { scope, name, limitUsd: limit, spentUsd: spent, reservedUsd: reserved, largestUsd: largest };
      });
    },
    allot(scope, name, day, usd) {
      const account = { gateway: wholes, route: routes, key: keys }[scope].get(name);
      if (account !== undefined && today(account, clock.now()).day === day) account.allotted = usd;
    },
  };
}
