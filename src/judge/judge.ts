import OpenAI from 'openai';
import { newId } from '../core/ids.ts';
import { comparePrompt, gradePrompt, readBetter, readGrade, type JudgeMessage } from './prompts.ts';

/** What one judgement belongs to: the request whose constraints hold for it. `context` travels to the fetch as it is. */
export interface JudgeOptions {
  /** Sends one HTTP request of the SDK; the gateway's own backends stand behind it. */
  readonly fetch: (url: string | URL | Request, init?: RequestInit) => Promise<Response>;
  readonly model: string;
}

export interface Judge {
  /** Blind: the judge is not told which model answered. In [0, 1]; null where it gave no grade. Rejects where it cannot be asked. */
  grade(conversation: string, answer: string): Promise<number | null>;
  /**
   * Blind, and asked twice with the order swapped: what changes with the order is a tie. 1: the first answer is better, 0: the
   * second is, 0.5: a tie; null where the judge gave no verdict either time.
   */
  compare(conversation: string, first: string, second: string): Promise<number | null>;
}

const replyTokens = 60;

/** Retries, deadlines and money belong to the gateway behind `fetch`. */
export function createJudge({ fetch, model }: JudgeOptions): Judge {
  const client = new OpenAI({ apiKey: 'inside', baseURL: 'http://gateway.invalid/v1', fetch, maxRetries: 0 });
  const ask = async (messages: readonly JudgeMessage[]): Promise<string> => {
    const answer = await client.chat.completions.create({
      model,
      messages: [...messages],
      temperature: 0,
      max_tokens: replyTokens,
    });
    return answer.choices[0]?.message.content ?? '';
  };
  return {
    async grade(conversation, answer) {
      return readGrade(await ask(gradePrompt(conversation, answer, newId(''))));
    },
    async compare(conversation, first, second) {
      const one = readBetter(await ask(comparePrompt(conversation, first, second, newId(''))));
      const other = readBetter(await ask(comparePrompt(conversation, second, first, newId(''))));
      if (one === null || other === null) return null;
      if (one === 'A' && other === 'B') return 1;
      if (one === 'B' && other === 'A') return 0;
      return 0.5;
    },
  };
}
