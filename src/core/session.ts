/** What is known of the conversation that a query continues. */
export interface SessionView {
  /** Tells nothing of who asks; what a decision is stored under. */
  readonly id: string;
  /** Served the turn before; null at the first turn and where it is forgotten. */
  readonly model: string | null;
  /** Stay on `model` unless a switch gains more than `switchMargin` of utility. */
  readonly stay: boolean;
  readonly switchMargin: number;
  /** Tokens of this conversation that the model's prompt cache is believed to hold still; 0 where it has gone cold. */
  warmTokens(model: string): number;
}

/** Where in its conversation a query stands: context for policies that decide by more than the text. */
export interface Stage {
  /** 1 at the first message of a person, 2 at the second ... */
  readonly turn: number;
  /** Role of the last message: a tool's result asks for other skills than a question. */
  readonly last: 'user' | 'tool' | 'assistant' | 'other';
  /** Tool results since the person last spoke ... */
  readonly toolResults: number;
  /** ... and those of them that report an error. */
  readonly toolErrors: number;
}
