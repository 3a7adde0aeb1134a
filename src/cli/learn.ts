import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { closeOnSignal } from '../app/close-on-signal.ts';
import { assembleRouting } from '../app/routing.ts';
import { loadUsualConfig, usualFile } from '../config/usual-config.ts';
import { systemClock } from '../core/clock.ts';
import { PointsmanError } from '../core/errors.ts';
import { createOwner, type Owner } from '../learning/owner.ts';
import { createLogger } from '../telemetry/logger.ts';
import { wholeNumber } from './numbers.ts';

interface LearnFlags {
  readonly config?: string;
  readonly states?: string;
  readonly report: number;
}

/** Longest that handing the learners over may take after SIGTERM, in milliseconds. */
const closeMs = 10_000;

/** `pointsman learn`: learns for every gateway on the same Redis. */
export function learnCommand(): Command {
  return new Command('learn')
    .description('Learn for all gateways whose `queue:` names the same Redis. Any number of these may run.')
    .option('-c, --config <file>', `the YAML that the gateways have; else $POINTSMAN_CONFIG, else ./${usualFile}`)
    .option('--states <folder>', 'where copies of what was learned are kept (default: learned/ beside storage.path)')
    .option('--report <seconds>', 'time between two lines about progress; 0: none', wholeNumber(0), 60)
    .addHelpText(
      'after',
      `
Example:
  pointsman serve --config pointsman.yaml      on each host that answers
  pointsman learn --config pointsman.yaml      on any host, one or more

with this in the YAML of all of them:
  queue: { type: bullmq, url: "\${REDIS_URL}" }`,
    )
    .action(async (flags: LearnFlags) => {
      const config = loadUsualConfig(flags.config ?? null);
      const { queue } = config;
      if (queue.type !== 'bullmq') {
        throw new PointsmanError(
          'invalid_config',
          `${config.locate('queue')}: the queue is embedded, so the gateway learns by itself. Write "queue: { type: bullmq, url: ... }" to learn here.`,
        );
      }
      const logger = createLogger({
        level: config.logLevel,
        style: process.stderr.isTTY ? 'pretty' : 'json',
        write: (line) => process.stderr.write(line),
        now: Date.now,
      });
      const routing = await assembleRouting(config, () => undefined);
      const folder = flags.states ?? join(dirname(config.storage.path), 'learned');
      const owner = createOwner({
        clock: systemClock,
        redis: queue,
        keepEvents: queue.keepEvents,
        folder,
        onTrouble: (message) => logger.warn({}, message),
      });
      routing.teach(owner);
      if (routing.learners.length === 0) {
        throw new PointsmanError('invalid_config', 'No route has an estimator or a policy that learns: nothing to do.');
      }
      owner.start();
      process.stdout.write(
        `Learning ${routing.learners.length} states for the gateways on ${queue.address} (${queue.prefix}):\n` +
          `${routing.learners.map((name) => `  ${name}\n`).join('')}Copies are kept in ${folder}. Ctrl-C hands over and ends.\n`,
      );
      const timer =
        flags.report === 0 ? null : setInterval(() => logger.info(progress(owner), 'Learning.'), flags.report * 1_000);
      closeOnSignal({ delayMs: closeMs, keepHangup: false, logger }, async () => {
        if (timer !== null) clearInterval(timer);
        await owner.close();
      });
    });
}

function progress(owner: Owner): Readonly<Record<string, unknown>> {
  const { connected, owned, broken, folded, head } = owner.health();
  return { connected, owned, broken, folded, head };
}
