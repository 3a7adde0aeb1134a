/**
 * The one table of everything that can go wrong on purpose.
 *
 * `status` is the HTTP status, `type` the OpenAI error type, `retry` whether the same request may succeed later
 * without being changed (it becomes `x-should-retry`). Codes are stable: clients match on them. `docs/errors.md` lists
 * them and a test ties the two together.
 */
export const errorTable = {
  invalid_json: { status: 400, type: 'invalid_request_error', retry: false, summary: 'The body is not JSON.' },
  invalid_request: {
    status: 400,
    type: 'invalid_request_error',
    retry: false,
    summary: 'A field has the wrong type or value.',
  },
  invalid_wish: {
    status: 400,
    type: 'invalid_request_error',
    retry: false,
    summary: 'The pointsman object or an x-pointsman-* header is wrong.',
  },
  no_eligible_candidate: {
    status: 400,
    type: 'invalid_request_error',
    retry: false,
    summary: 'Every model of the route was removed; the message says which check removed which.',
  },
  missing_api_key: {
    status: 401,
    type: 'authentication_error',
    retry: false,
    summary: 'The gateway needs a key and none was sent.',
  },
  invalid_api_key: {
    status: 401,
    type: 'authentication_error',
    retry: false,
    summary: 'The gateway does not know this key.',
  },
  permission_denied: { status: 403, type: 'permission_error', retry: false, summary: 'The key may not do this.' },
  origin_forbidden: {
    status: 403,
    type: 'permission_error',
    retry: false,
    summary: 'Without keys only loopback is served; a foreign Host or Origin is refused.',
  },
  model_not_found: {
    status: 404,
    type: 'invalid_request_error',
    retry: false,
    summary: 'No model, route or alias has this name.',
  },
  decision_not_found: {
    status: 404,
    type: 'invalid_request_error',
    retry: false,
    summary: 'No decision of this key has this id.',
  },
  not_found: { status: 404, type: 'invalid_request_error', retry: false, summary: 'No such endpoint.' },
  method_not_allowed: {
    status: 405,
    type: 'invalid_request_error',
    retry: false,
    summary: 'The endpoint exists, the method does not.',
  },
  request_timeout: {
    status: 408,
    type: 'invalid_request_error',
    retry: true,
    summary: 'The request body did not arrive in time.',
  },
  body_too_large: {
    status: 413,
    type: 'invalid_request_error',
    retry: false,
    summary: 'The body is larger than listen.body_limit_mb.',
  },
  unsupported_media_type: {
    status: 415,
    type: 'invalid_request_error',
    retry: false,
    summary: 'The body is not application/json.',
  },
  budget_exceeded: {
    status: 429,
    type: 'insufficient_quota',
    retry: false,
    summary: 'A usd_per_day limit is spent; retry-after names the reset.',
  },
  rate_limited: {
    status: 429,
    type: 'rate_limit_error',
    retry: true,
    summary: 'Every target is cooling down or full; retry-after is true.',
  },
  client_closed: {
    status: 499,
    type: 'invalid_request_error',
    retry: false,
    summary: 'The client went away; only ever seen in logs.',
  },
  internal_error: {
    status: 500,
    type: 'server_error',
    retry: true,
    summary: 'A defect of the gateway. The request id finds it in the log.',
  },
  upstream_failed: {
    status: 502,
    type: 'server_error',
    retry: true,
    summary: 'The upstream answered with something that is not an answer.',
  },
  upstream_credential: {
    status: 502,
    type: 'server_error',
    retry: false,
    summary: "The upstream refused the gateway's own key.",
  },
  upstream_cut: {
    status: 502,
    type: 'server_error',
    retry: true,
    summary: 'The upstream stopped in the middle of its answer.',
  },
  no_healthy_target: {
    status: 503,
    type: 'server_error',
    retry: true,
    summary: 'No target of any eligible model can be reached.',
  },
  embedder_unavailable: {
    status: 503,
    type: 'server_error',
    retry: true,
    summary:
      'No vector could be made of the text. A route degrades instead of answering this, unless it chooses a vector space by the text; commands end with it.',
  },
  storage_unavailable: {
    status: 503,
    type: 'server_error',
    retry: true,
    summary: 'The outcome database is locked, full or gone; nothing was recorded.',
  },
  shutting_down: { status: 503, type: 'server_error', retry: true, summary: 'The gateway is draining.' },
  upstream_timeout: {
    status: 504,
    type: 'server_error',
    retry: true,
    summary: 'No target answered before its deadline.',
  },
  invalid_config: {
    status: 500,
    type: 'server_error',
    retry: false,
    summary: 'The YAML, an option or an environment variable is wrong.',
  },
  invalid_data: {
    status: 500,
    type: 'server_error',
    retry: false,
    summary: 'A data set or artefact is wrong; the message names file, row and column.',
  },
} as const satisfies Record<string, ErrorEntry>;

interface ErrorEntry {
  readonly status: number;
  readonly type: string;
  readonly retry: boolean;
  readonly summary: string;
}

export type ErrorCode = keyof typeof errorTable;

export interface ErrorDetails {
  /** The field, header or YAML path at fault. */
  readonly param?: string | undefined;
  /** A status that replaces the table's, e.g. an upstream 4xx that is passed on. */
  readonly status?: number | undefined;
  /** True time until the same request can work, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** Every error that we raise on purpose. `message` is for people: it names the place and the mend, never a secret. */
export class PointsmanError extends Error {
  override readonly name = 'PointsmanError';
  readonly code: ErrorCode;
  readonly param: string | null;
  readonly status: number;
  readonly retryAfterMs: number | null;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.param = details.param ?? null;
    this.status = details.status ?? errorTable[code].status;
    this.retryAfterMs = details.retryAfterMs ?? null;
  }

  get type(): string {
    return errorTable[this.code].type;
  }

  get retry(): boolean {
    return errorTable[this.code].retry;
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
