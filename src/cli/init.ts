import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { chooseForAuto, findProviders, httpProbe, yamlOf, type FoundModel } from '../config/found.ts';
import { findLocalServers } from '../config/found-servers.ts';
import { defaultYaml } from '../config/default-config.ts';
import { parseConfig } from '../config/load.ts';
import { readPriceTable } from '../config/price-table.ts';
import { usualFile } from '../config/usual-config.ts';
import { PointsmanError } from '../core/errors.ts';

interface InitFlags {
  readonly out: string;
  readonly yes?: boolean;
  readonly force?: boolean;
}

/** `pointsman init`: a YAML from what is there. */
export function initCommand(): Command {
  return new Command('init')
    .description('Write a YAML from what is found: keys in the environment, model servers on this machine.')
    .option('-o, --out <file>', 'where to', usualFile)
    .option('-y, --yes', 'take what is proposed, without asking')
    .option('--force', 'replace the file if it is there')
    .addHelpText(
      'after',
      `
Looks at the variables that providers' own clients read (OPENAI_API_KEY, ...), and lists the models of Ollama
(OLLAMA_HOST, or port 11434), vLLM (8000), SGLang (30000), llama.cpp (8080) and LM Studio (1234) on this machine.
Sends no prompt, and writes no key: the YAML names the variable.`,
    )
    .action(async (flags: InitFlags) => {
      const file = resolve(flags.out);
      if (existsSync(file) && flags.force !== true) {
        throw new PointsmanError(
          'invalid_config',
          `${flags.out} is there already. Say --force to replace it, or --out.`,
        );
      }
      const probe = httpProbe();
      const [paid, servers] = await Promise.all([
        findProviders(process.env, probe, readPriceTable()),
        findLocalServers(probe),
      ]);
      const found = [...servers, ...paid.filter(({ id }) => !servers.some((server) => server.id === id))];
      process.stdout.write(foundText(found));
      const chosen = flags.yes === true ? chooseForAuto(found) : await askWhich(found, flags.out);
      if (chosen === null) {
        process.stdout.write('Nothing was written.\n');
        return;
      }
      const text = yamlText(chosen, file);
      // Never a file that serve would refuse.
      parseConfig(text, file);
      writeWhole(file, text, flags.force === true);
      process.stdout.write(
        `Wrote ${flags.out}.\n\n  pointsman doctor --config ${flags.out}     see that keys and servers answer\n  pointsman serve --config ${flags.out}      run it\n`,
      );
    });
}

function foundText(found: readonly FoundModel[]): string {
  if (found.length === 0) {
    return `Found no provider's key in the environment and no model server on this machine.
A YAML with three simulated models lets you try everything without either.
`;
  }
  const proposed = new Set(chooseForAuto(found));
  const width = Math.max(...found.map(({ id }) => id.length));
  const lines = found.map(
    (model, index) =>
      `${String(index + 1).padStart(4)}${proposed.has(model) ? ' *' : '  '} ${model.id.padEnd(width)}  ${model.provider}${model.local ? ', on this machine' : `, paid: about $${model.blendedUsd.toPrecision(2)} per million tokens`}\n`,
  );
  return `Found (* is proposed):\n${lines.join('')}`;
}

/** Null: the person does not want it. Throws where there is nobody to ask. */
async function askWhich(found: readonly FoundModel[], out: string): Promise<readonly FoundModel[] | null> {
  if (!process.stdin.isTTY) {
    throw new PointsmanError('invalid_config', 'There is no terminal to ask at. Say --yes to take what is proposed.');
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    for (;;) {
      const question =
        found.length === 0
          ? `Write ${out} with simulated models? [Y/n] `
          : `Write ${out} with the proposed ones (Enter), others (e.g. 1,3), or none (n)? `;
      const answer = (await terminal.question(question)).trim().toLowerCase();
      if (['n', 'no', 'none', 'q'].includes(answer)) return null;
      if (['', 'y', 'yes'].includes(answer)) return chooseForAuto(found);
      const numbers = answer.split(/[\s,]+/).map(Number);
      const chosen = numbers.flatMap((number) => found[number - 1] ?? []);
      if (found.length > 0 && chosen.length === numbers.length) return [...new Set(chosen)];
      process.stdout.write(found.length === 0 ? 'y or n.\n' : `Numbers from 1 to ${found.length}, by comma.\n`);
    }
  } finally {
    terminal.close();
  }
}

const schemaFile = fileURLToPath(new URL('../../docs/pointsman.schema.json', import.meta.url));

/** For editors with the YAML language server: completion and checks, from the installed package, without a network. */
function schemaLine(file: string): string {
  if (!existsSync(schemaFile)) return '';
  const path = relative(dirname(file), schemaFile);
  const near = !path.startsWith('..');
  return `# yaml-language-server: $schema=${near ? `./${path.replaceAll('\\', '/')}` : pathToFileURL(schemaFile).href}\n`;
}

function yamlText(chosen: readonly FoundModel[], file: string): string {
  return `${schemaLine(file)}# Every setting: docs/configuration.md. The running gateway takes changes over by itself.

${chosen.length === 0 ? defaultYaml() : yamlOf(chosen)}
# To serve others than this machine, make a key with "pointsman keys NAME", put its lines here, and bind an address:
# listen: { host: 0.0.0.0 }
`;
}

/** A whole file or none. */
function writeWhole(file: string, text: string, replace: boolean): void {
  try {
    if (!replace) {
      writeFileSync(file, text, { flag: 'wx' });
      return;
    }
    const beside = `${file}.${process.pid}.new`;
    writeFileSync(beside, text, { flag: 'wx' });
    renameSync(beside, file);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PointsmanError('invalid_config', `${file} cannot be written: ${why}. Say --out for another place.`, {
      cause,
    });
  }
}
