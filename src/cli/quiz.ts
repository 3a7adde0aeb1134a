import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { assembleRouting, type Routing } from '../app/routing.ts';
import { loadUsualConfig } from '../config/usual-config.ts';
import type { Candidate } from '../core/candidate.ts';
import { messageOf, PointsmanError } from '../core/errors.ts';
import { seededRandom } from '../core/random.ts';
import { grade } from '../quiz/grade.ts';
import { quizQuestions, type QuizQuestion } from '../quiz/questions.ts';
import { believedOver, runQuiz, type Asked, type Belief, type Probe } from '../quiz/run-quiz.ts';
import { textTable } from '../replay/report/text-table.ts';
import type { Route } from '../routing/route.ts';
import { promptTokensOf } from '../wire/prompt-tokens.ts';
import type { GatewayFlags } from './ask-gateway.ts';
import { wholeNumber } from './numbers.ts';
import { progressBar } from './progress-bar.ts';
import { askPinned, teach } from './quiz-client.ts';
import { recall } from './recall.ts';

interface QuizFlags extends GatewayFlags {
  readonly config?: string;
  readonly route: string;
  readonly model: string;
  readonly questions: number;
  readonly from?: string;
  readonly seed: string;
  readonly maxTokens: number;
  readonly json?: boolean;
}

/** `pointsman quiz`: a few questions that tell most of a new model, asked through a running gateway, which learns from them. */
export function quizCommand(): Command {
  return new Command('quiz')
    .description(
      'Ask a new model the questions that tell most of it, through a running gateway, which learns from the answers.',
    )
    .requiredOption('-m, --model <id>', 'who is asked')
    .option('-c, --config <file>', "the gateway's YAML, found as for serve")
    .option('--route <name>', 'whose estimators learn', 'auto')
    .option('-n, --questions <number>', 'to ask', wholeNumber(1), 20)
    .option('--from <file>', 'your own, a line of JSON each: {"prompt": "...", "expect": "..."} (default: made ones)')
    .option('--max-tokens <number>', 'of an answer', wholeNumber(1), 1024)
    .option('--seed <text>', 'of the made questions', 'quiz')
    .option('--url <url>', 'where the gateway answers', 'http://127.0.0.1:4040')
    .option('--key <secret>', 'a key with the scopes chat and feedback, where keys are configured')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Answers cost what the model costs. The made questions are sums, words backwards and orders; your own tell more of what
your users ask. Of all questions, the one is asked next of whose outcome the route's estimator of quality is least sure.`,
    )
    .action(async (flags: QuizFlags) => {
      const bar = progressBar();
      const result = await takeQuiz(flags, (done) =>
        bar.onProgress({ stage: 'read', what: `answers of ${flags.model}`, done, total: flags.questions }),
      ).finally(() => bar.stop());
      process.stdout.write(flags.json === true ? `${JSON.stringify(result, null, 2)}\n` : text(flags, result));
    });
}

interface QuizResult {
  readonly asked: readonly Asked[];
  /** Over all questions, asked or not. */
  readonly before: { readonly mean: number; readonly deviation: number };
  readonly after: { readonly mean: number; readonly deviation: number };
}

/** Rejects with `invalid_config`, `invalid_request`, `invalid_data` and `no_healthy_target`. */
export async function takeQuiz(
  flags: Omit<QuizFlags, 'json'>,
  onAsked: (done: number) => void = () => undefined,
): Promise<QuizResult> {
  const questions =
    flags.from === undefined
      ? quizQuestions(Math.max(4, Math.ceil(flags.questions / 6)), seededRandom(`quiz:${flags.seed}`))
      : ownQuestions(flags.from);
  const config = loadUsualConfig(flags.config ?? null);
  const routing = await assembleRouting(config, () => undefined);
  try {
    const { route, candidate } = onTrial(routing, flags);
    await recall(config, routing);
    const belief = beliefOf(route, candidate);
    const probes: Probe[] = [];
    for (const question of questions) {
      const embedding = await routing.embedder.embed(question.prompt);
      probes.push({ question, input: { embedding, promptTokens: promptTokensOf(question.prompt) } });
    }
    const before = believedOver(probes, belief);
    const ask = async (question: QuizQuestion): Promise<number> => {
      const { decision, content } = await askPinned(flags, question.prompt);
      const score = grade(content, question.expect);
      await teach(flags, decision, score);
      return score;
    };
    const asked = await runQuiz(probes, flags.questions, belief, ask, onAsked);
    return { asked, before, after: believedOver(probes, belief) };
  } finally {
    await routing.embedder.close?.();
  }
}

function onTrial(
  { router }: Routing,
  flags: Pick<QuizFlags, 'route' | 'model'>,
): { route: Route; candidate: Candidate } {
  const route = router.routes.get(flags.route);
  if (route === undefined) {
    const known = [...router.routes.keys()].join(', ');
    throw new PointsmanError('invalid_request', `--route ${flags.route}: there is no such route; there is ${known}.`);
  }
  const model = route.models.find(({ id }) => id === flags.model);
  if (model === undefined) {
    const known = route.models.map(({ id }) => id).join(', ');
    throw new PointsmanError('invalid_request', `--model ${flags.model}: route ${flags.route} has ${known}.`);
  }
  if (route.estimators.quality === undefined) {
    throw new PointsmanError(
      'invalid_config',
      `route ${flags.route} has no estimator of quality, so nothing can learn.`,
    );
  }
  return { route, candidate: { model: model.id, price: model.price } };
}

/** What the route's estimator of quality believes; it learns here as the gateway's own will. */
function beliefOf(route: Route, candidate: Candidate): Belief {
  const { estimator } = route.estimators.quality ?? {};
  let seq = Number.MAX_SAFE_INTEGER - 1_000_000;
  return {
    of(input) {
      const { mean, deviation } = estimator?.predict(input, [candidate]) ?? {};
      return { mean: mean?.[0] ?? 0.5, deviation: deviation?.[0] ?? 0 };
    },
    learn: ({ embedding, promptTokens }, value) =>
      estimator?.update({
        seq: seq++,
        decision: 'quiz',
        route: route.name,
        model: candidate.model,
        quantity: 'quality',
        value,
        weight: 1,
        propensity: 1,
        promptTokens,
        embedding,
      }),
  };
}

const ownQuestion = Type.Object({
  prompt: Type.String({ minLength: 1 }),
  expect: Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })]),
});

/** Throws `invalid_data` naming file and line. */
function ownQuestions(path: string): readonly QuizQuestion[] {
  let written: string;
  try {
    written = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new PointsmanError('invalid_data', `${path}: it cannot be read (${messageOf(cause)}).`, { cause });
  }
  const questions = written.split('\n').flatMap((line, i): QuizQuestion[] => {
    if (line.trim() === '') return [];
    let value: unknown = null;
    try {
      value = JSON.parse(line);
    } catch {
      // Told below, as whatever else is no question.
    }
    if (!Value.Check(ownQuestion, value)) {
      throw new PointsmanError('invalid_data', `${path}:${i + 1}: expected {"prompt": "...", "expect": "..."}.`);
    }
    const { prompt, expect } = value;
    return [{ prompt, expect: typeof expect === 'string' ? [expect] : expect, kind: 'own', level: 0 }];
  });
  if (questions.length === 0) throw new PointsmanError('invalid_data', `${path}: it holds no question.`);
  return questions;
}

function text({ model, route }: QuizFlags, { asked, before, after }: QuizResult): string {
  const kinds = [...new Set(asked.map(({ question }) => question.kind))].sort();
  const rows = kinds.map((kind) => {
    const own = asked.filter(({ question }) => question.kind === kind);
    const right = own.reduce((sum, { score }) => sum + score, 0);
    return [kind, String(own.length), String(right)];
  });
  const told = ({ mean, deviation }: QuizResult['before']): string => `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;
  return `${[
    `${model} on ${asked.length} questions; the gateway has learned from each.`,
    '',
    textTable(['kind', 'asked', 'right'], rows),
    '',
    `Quality over all questions of the quiz, as route ${route} believes: ${told(before)} before, ${told(after)} after.`,
  ].join('\n')}\n`;
}
