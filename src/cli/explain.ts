import { Command } from 'commander';
import { assembleRouting } from '../app/routing.ts';
import { loadUsualConfig } from '../config/usual-config.ts';
import { PointsmanError } from '../core/errors.ts';
import type { Routing } from '../app/routing.ts';
import { explain } from '../routing/explain.ts';
import { readOpenAiChat } from '../wire/openai-chat.ts';
import { explanationText } from './explanation-text.ts';
import { recall } from './recall.ts';

interface ExplainFlags {
  readonly config?: string;
  readonly model: string;
  readonly lambda?: string;
  readonly json?: boolean;
}

/** `pointsman explain "prompt"`: what would be chosen now, every candidate's predictions, and why. Calls no model. */
export function explainCommand(): Command {
  return new Command('explain')
    .description('Say which model a prompt would go to, and why. Calls no model.')
    .argument('<prompt>', 'what a user would ask')
    .option('-c, --config <file>', 'the YAML, found as for serve')
    .option('-m, --model <name>', 'what a client would write as model: a route, alias or route/policy', 'auto')
    .option('--lambda <number>', 'quality per dollar, as a request may wish it')
    .option('--json', 'as JSON')
    .action(async (prompt: string, flags: ExplainFlags) => {
      const config = loadUsualConfig(flags.config ?? null);
      const routing = await assembleRouting(config, () => undefined);
      const observations = await recall(config, routing);
      const decision = await decide(routing, prompt, flags);
      const explanation = explain(decision);
      process.stdout.write(
        flags.json === true
          ? `${JSON.stringify({ ...explanation, observations }, null, 2)}\n`
          : explanationText(explanation, observations),
      );
    });
}

async function decide({ router }: Routing, prompt: string, flags: ExplainFlags) {
  const lambda = flags.lambda === undefined ? undefined : Number(flags.lambda);
  if (lambda !== undefined && !(lambda >= 0)) {
    throw new PointsmanError('invalid_request', `--lambda is "${flags.lambda}"; expected a number from 0 up.`);
  }
  // Read as a request would be, so that what is explained is what is served.
  const body = { model: flags.model, messages: [{ role: 'user', content: prompt }], pointsman: { lambda } };
  const raw = Buffer.from(JSON.stringify(body));
  const parsed: Record<string, unknown> = JSON.parse(raw.toString());
  const { query } = readOpenAiChat({ raw, parsed }, {}, 'explain', { tenant: 'default', key: null });
  return await router.decide(query, router.resolve(flags.model), { id: 'explain' });
}
