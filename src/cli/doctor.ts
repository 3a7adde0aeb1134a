import { Command } from 'commander';
import type { Config } from '../config/config.ts';
import { loadUsualConfig, usualFile } from '../config/usual-config.ts';
import { systemClock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { planGeneration } from '../app/generation.ts';
import { createLogger } from '../telemetry/logger.ts';
import { failed, ok, warning, type Finding } from './doctor/finding.ts';
import { examineNode, examineStorage } from './doctor/machine.ts';
import { examineQueue } from './doctor/shared.ts';
import { examineTargets } from './doctor/targets.ts';

interface DoctorFlags {
  readonly config?: string;
  readonly json?: boolean;
}

/** `pointsman doctor`: what would keep the gateway from serving, before it is asked to. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Look at everything the gateway needs, and say how to mend what is wrong.')
    .option('-c, --config <file>', `the YAML, found as for serve (./${usualFile})`)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Asks each target for its list of models, with its key. Sends no prompt and changes nothing.
Exit codes: 0 nothing is wrong (there may be warnings), 1 something is.`,
    )
    .action(async (flags: DoctorFlags) => {
      const findings = await examine(flags.config ?? null);
      const text = flags.json === true ? `${JSON.stringify(findings, null, 2)}\n` : findings.map(line).join('');
      process.stdout.write(text);
      const count = (status: Finding['status']): number => findings.filter((each) => each.status === status).length;
      if (flags.json !== true) {
        process.stdout.write(
          `\n${findings.length} looked at, ${count('warning')} warnings, ${count('failed')} failed\n`,
        );
      }
      if (count('failed') > 0) process.exitCode = 1;
    });
}

async function examine(path: string | null): Promise<readonly Finding[]> {
  const node = examineNode();
  let config: Config;
  try {
    config = loadUsualConfig(path);
    const silent = createLogger({ level: 'silent', style: 'json', write: () => undefined, now: Date.now });
    const { routing } = await planGeneration(config, silent);
    await routing.embedder.close?.();
  } catch (cause) {
    return [node, failed('configuration', messageOf(cause), 'Mend the place named; the rest is looked at after that.')];
  }
  const [targets, queue] = await Promise.all([examineTargets(config, () => systemClock.now()), examineQueue(config)]);
  return [node, ...configuration(config), ...prices(config), ...examineStorage(config), ...targets, ...queue];
}

function configuration({ file, models, routes, warnings }: Config): readonly Finding[] {
  const seen =
    file === null
      ? 'none: three simulated models are served'
      : `${file}: ${models.length} models, ${routes.length} routes`;
  const found =
    file === null ? warning('configuration', seen, 'Run pointsman init to write one.') : ok('configuration', seen);
  return [found, ...warnings.map(aside)];
}

/** What serve warns of: what is so, and behind the last semicolon what to do. */
function aside(text: string): Finding {
  const at = text.lastIndexOf('; ');
  if (at === -1) return warning('configuration', text, 'See docs/configuration.md.');
  const mend = text.slice(at + 2);
  return warning('configuration', text.slice(0, at), `${mend.charAt(0).toUpperCase()}${mend.slice(1)}`);
}

/** Of single models without a price the warnings tell. */
function prices({ models }: Config): readonly Finding[] {
  const unknown = models.filter(({ price }) => price === null).length;
  if (unknown === 0) return [ok('prices', 'known for every model')];
  if (unknown < models.length) return [];
  return [failed('prices', 'unknown for every model', 'Write price: for each; without one nothing is routed.')];
}

const signs = { ok: 'ok     ', warning: 'warning', failed: 'FAILED ' } as const;

function line({ status, what, seen, mend }: Finding): string {
  const indent = ' '.repeat(signs.ok.length + 2);
  const told = seen.replaceAll('\n', `\n${indent}`);
  return `${signs[status]}  ${what}: ${told}\n${mend === null ? '' : `${indent}${mend}\n`}`;
}
