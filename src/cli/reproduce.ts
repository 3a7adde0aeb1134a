import { Command } from 'commander';
import { reproduceReport } from '../replay/report/reproduce.ts';
import { progressBar } from './progress-bar.ts';
import { version } from './version.ts';

interface ReproduceFlags {
  readonly train?: string;
  readonly test?: string;
}

/** `pointsman reproduce`: a report's manifest, run again. */
export function reproduceCommand(): Command {
  return new Command('reproduce')
    .description('Run the manifest of a report again and compare every byte.')
    .argument('<folder>', 'written by pointsman replay --out')
    .option('--train <path>', 'where the training data lies here, if elsewhere than in the manifest')
    .option('--test <path>', 'where the test data lies here')
    .action(async (folder: string, flags: ReproduceFlags) => {
      const bar = progressBar();
      const told = await reproduceReport(folder, { ...flags, version: version() }, bar.onProgress).finally(bar.stop);
      process.stdout.write(`${told.lines.join('\n')}\n`);
      if (!told.isIdentical) process.exitCode = 1;
    });
}
