import type { BackendCall, BackendEvents, CallHandle, Usage } from '../../core/backend.ts';
import type { Clock } from '../../core/clock.ts';
import { hash32 } from '../../core/random.ts';
import type { SimulatedAnswer } from './answer.ts';

/** Tokens that fall due within one tick go out together; a timer for each would only cost time. */
const tickMs = 10;

/** Says one answer at its own pace, in OpenAI's shapes: a chat completion, or a text completion where one was asked for. */
export class SimulatedCall implements CallHandle {
  readonly #call: BackendCall;
  readonly #events: BackendEvents;
  readonly #clock: Clock;
  readonly #answer: SimulatedAnswer;
  readonly #usage: Usage;
  readonly #costUsd: number | null;
  readonly #frame: string;
  readonly #chat: boolean;
  #timer: NodeJS.Timeout | null = null;
  #startedAt = 0;
  #said = 0;
  #paused = false;
  #over = false;

  constructor(
    call: BackendCall,
    events: BackendEvents,
    clock: Clock,
    answer: SimulatedAnswer,
    promptTokens: number,
    costUsd: number | null,
  ) {
    this.#call = call;
    this.#events = events;
    this.#clock = clock;
    this.#answer = answer;
    this.#costUsd = costUsd;
    this.#usage = { inputTokens: promptTokens, cachedTokens: 0, outputTokens: answer.tokens.length };
    const id = hash32(call.requestId).toString(16).padStart(8, '0');
    const created = Math.floor(clock.now() / 1000);
    this.#chat = call.format === 'openai-chat';
    const object = this.#chat ? `chat.completion${call.stream ? '.chunk' : ''}` : 'text_completion';
    this.#frame =
      `{"id":"${this.#chat ? 'chatcmpl' : 'cmpl'}-simulated-${id}","object":"${object}",` +
      `"created":${created},"model":${JSON.stringify(call.model)},"system_fingerprint":"simulated"`;
  }

  /** Nothing is told before this returns. */
  start(): void {
    const { firstTokenMs, msPerToken, tokens } = this.#answer;
    const wholeMs = this.#call.stream ? 0 : msPerToken * tokens.length;
    this.#timer = setTimeout(
      () => (this.#call.stream ? this.#startStream() : this.#sayWhole()),
      firstTokenMs + wholeMs,
    );
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (!this.#over && this.#timer === null) this.#sayMore();
  }

  abort(): void {
    this.#over = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #sayWhole(): void {
    const body = Buffer.from(
      `${this.#frame},"choices":[{"index":0,${this.#whole(JSON.stringify(this.#answer.tokens.join('')))},"logprobs":null,` +
        `"finish_reason":"${this.#answer.finishReason}"}],"usage":${this.#usageJson()},${this.#marker()}}`,
    );
    this.#events.answer({ status: 200, headers: { 'content-type': 'application/json' } });
    this.#events.data(body, true);
    this.#end();
  }

  #startStream(): void {
    this.#timer = null;
    this.#startedAt = this.#clock.monotonic();
    this.#events.answer({ status: 200, headers: { 'content-type': 'text/event-stream; charset=utf-8' } });
    if (this.#over) return;
    if (this.#chat) this.#say(this.#chunk('"delta":{"role":"assistant","content":""}', null), false);
    if (!this.#over && !this.#paused) this.#sayMore();
  }

  /** Whatever is due by now; then sleeps until more is. */
  #sayMore(): void {
    this.#timer = null;
    const { tokens, msPerToken } = this.#answer;
    const elapsed = this.#clock.monotonic() - this.#startedAt;
    const due = msPerToken === 0 ? tokens.length : Math.min(tokens.length, 1 + Math.floor(elapsed / msPerToken));
    while (this.#said < due) {
      const token = JSON.stringify(tokens[this.#said]);
      this.#say(this.#chunk(this.#chat ? `"delta":{"content":${token}}` : `"text":${token}`, null), true);
      this.#said++;
      if (this.#over || this.#paused) return;
    }
    if (this.#said < tokens.length) {
      this.#timer = setTimeout(() => this.#sayMore(), Math.max(msPerToken, tickMs));
      return;
    }
    this.#sayEnd();
  }

  #sayEnd(): void {
    let end = this.#chunk(this.#chat ? '"delta":{}' : '"text":""', this.#answer.finishReason);
    if (this.#call.includeUsage) end += `data: ${this.#frame},"choices":[],"usage":${this.#usageJson()}}\n\n`;
    this.#say(`${end}data: [DONE]\n\n`, true);
    this.#end();
  }

  #whole(text: string): string {
    return this.#chat ? `"message":{"role":"assistant","content":${text},"refusal":null}` : `"text":${text}`;
  }

  /** `said` is the member that holds this piece of the answer. */
  #chunk(said: string, finishReason: string | null): string {
    const reason = finishReason === null ? 'null' : `"${finishReason}"`;
    const marker = finishReason === null ? '' : `,${this.#marker()}`;
    return `data: ${this.#frame},"choices":[{"index":0,${said},"logprobs":null,"finish_reason":${reason}}]${marker}}\n\n`;
  }

  /** For programs: what a user of this answer would find, ready to be sent back as feedback. */
  #marker(): string {
    return `"simulated":${JSON.stringify({ subject: this.#answer.subject, quality: this.#answer.quality })}`;
  }

  #usageJson(): string {
    const { inputTokens, outputTokens } = this.#usage;
    return `{"prompt_tokens":${inputTokens},"completion_tokens":${outputTokens},"total_tokens":${inputTokens + outputTokens}}`;
  }

  #say(text: string, output: boolean): void {
    if (!this.#events.data(Buffer.from(text), output)) this.#paused = true;
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer = null;
    this.#events.end({ usage: this.#usage, costUsd: this.#costUsd, finishReason: this.#answer.finishReason });
  }
}
