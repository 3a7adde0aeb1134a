import { Command, Option } from 'commander';
import type { Part } from '../replay/datasets/open-dataset.ts';
import { importDataset } from '../replay/import-dataset.ts';
import { list } from './numbers.ts';
import { progressBar } from './progress-bar.ts';

interface ImportFlags {
  readonly out: string;
  readonly part?: Part;
  readonly models?: readonly string[];
  readonly pool?: string;
  readonly keepPartial?: boolean;
  readonly answers?: string;
  readonly force?: boolean;
}

/** `pointsman import`: anybody's data set as one file in RouterBench's wide layout. */
export function importCommand(): Command {
  return new Command('import')
    .description("Turn a data set (CSV, JSON, Parquet, pandas pickle, a gateway's log) into RouterBench's wide layout.")
    .argument('<source>', 'file or folder; `pointsman datasets` tells which are known')
    .requiredOption('-o, --out <file>', 'the CSV to write, packed where it ends in .gz')
    .addOption(new Option('--part <part>', 'of a folder').choices(['train', 'test', 'all']).default('all'))
    .option('-m, --models <names>', 'only these, by comma or repeated; rows that lack one are left out', list)
    .option('--pool <path>', "which of RouterEval's pools, as easy/5/strong_to_weak")
    .option('--keep-partial', 'keep rows that know only some models; what is unknown stays empty')
    .option('--answers <file>', "also write the models' answers, as JSON Lines")
    .option('-f, --force', 'replace what is there')
    .action(async (source: string, flags: ImportFlags) => {
      const bar = progressBar();
      const result = await importDataset({ source, ...flags }, bar.onProgress).finally(bar.stop);
      const cost = result.hasCost ? 'with costs' : 'without costs';
      const licence = result.source.licence ?? 'not stated';
      process.stdout.write(
        `${flags.out}: ${result.rows} rows, ${result.models.length} models, ${cost}\n` +
          `  from ${result.source.name}, sha256 ${result.source.sha256}\n  licence: ${licence}; use: ${result.source.use}\n`,
      );
      for (const warning of result.warnings) process.stderr.write(`warning: ${warning}\n`);
    });
}
