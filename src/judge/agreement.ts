/** How often a judge and explicit feedback say the same, of the decisions that have both. */
export interface Agreement {
  readonly pairs: number;
  /** Both on the same side of 0.5, which itself counts as good. */
  readonly agreed: number;
  /** Sum of |judge - label|. */
  readonly difference: number;
}

/** Counts since start. Which of the two comes first does not matter; of one decision only the first pair counts. */
export interface AgreementCounter {
  judged(decision: string, score: number): void;
  labelled(decision: string, score: number): void;
  read(): Agreement;
}

const mostRemembered = 10_000;

export function createAgreement(): AgreementCounter {
  const judgements = new Map<string, number>();
  const labels = new Map<string, number>();
  let pairs = 0;
  let agreed = 0;
  let difference = 0;

  const meet = (own: Map<string, number>, others: Map<string, number>, decision: string, score: number): void => {
    const other = others.get(decision);
    if (other === undefined) {
      if (!own.has(decision)) own.set(decision, score);
      const [oldest] = own.keys();
      if (own.size > mostRemembered && oldest !== undefined) own.delete(oldest);
      return;
    }
    others.delete(decision);
    pairs++;
    if (sameSide(score, other)) agreed++;
    difference += Math.abs(score - other);
  };
  return {
    judged: (decision, score) => meet(judgements, labels, decision, score),
    labelled: (decision, score) => meet(labels, judgements, decision, score),
    read: () => ({ pairs, agreed, difference }),
  };
}

export const sameSide = (a: number, b: number): boolean => a >= 0.5 === b >= 0.5;
