/** Money of one limit on one UTC day, in US dollars. */
export interface Ledger {
  /** Start of the day, in milliseconds since the epoch. */
  readonly day: number;
  spent: number;
  reserved: number;
  /** Reservations that are not settled yet. */
  open: number;
}

export const dayMs = 86_400_000;

/** Start of the UTC day. */
export const dayOf = (now: number): number => Math.floor(now / dayMs) * dayMs;

export const newLedger = (day: number): Ledger => ({ day, spent: 0, reserved: 0, open: 0 });

export const hasRoom = (ledger: Ledger, limit: number, usd: number): boolean =>
  ledger.spent + ledger.reserved + usd <= limit;

export function putAside(ledger: Ledger, usd: number): void {
  ledger.reserved += usd;
  ledger.open++;
}

/** Turns `aside` back into what was really spent. */
export function book(ledger: Ledger, aside: number, usd: number): void {
  ledger.open--;
  // Sums of floats drift; with nothing reserved there is nothing to drift from.
  ledger.reserved = ledger.open === 0 ? 0 : Math.max(0, ledger.reserved - aside);
  ledger.spent += usd;
}
