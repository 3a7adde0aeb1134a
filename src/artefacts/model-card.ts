import type { Manifest } from './manifest.ts';
import { reliabilityPlot } from './reliability-plot.ts';

/** The README.md of an artefact: what it is, what it learned from, how well it does, what it may be used for. */
export function modelCard(manifest: Manifest): string {
  const { embedder, models, recommended, sources, states, tuning, figures, reliability = [] } = manifest;
  const estimators = [...new Set(states.map((state) => state.estimator))];
  return `${[
    `# Routing artefact: ${estimators.join(', ')}`,
    'Learned predictions of what each model makes of a query. It chooses nothing by itself: a policy reads it.',
    '## Use',
    [
      '```yaml',
      'estimators:',
      '  trained: { artefact: PATH_OF_THIS_FOLDER }',
      'routes:',
      '  auto:',
      `    estimators: { ${[...new Set(states.map((state) => `${state.quantity}: trained`))].join(', ')} }`,
      '```',
    ].join('\n'),
    estimators.length === 1
      ? ''
      : `Without a \`type\` this is \`${recommended}\`; it also holds ${estimators.filter((name) => name !== recommended).join(', ')}.`,
    `It reads embeddings of \`${embedder.id}\` (${embedder.dimensions} dimensions); another embedder is refused. ` +
      `Embedded in training: ${embedder.text}.`,
    '## Models',
    models.map((model) => `- \`${model}\``).join('\n'),
    '## Data',
    table(
      ['source', 'rows', 'licence', 'use', 'sha256'],
      sources.map((source) => [
        source.name,
        String(source.rows),
        source.licence ?? 'not stated',
        source.use,
        source.sha256.slice(0, 16),
      ]),
    ),
    'No row of the data is readable here, but states can hold embeddings of its questions.',
    '## Settings',
    table(
      ['estimator', 'quantity', 'options', 'state version'],
      states.map((state) => [
        state.estimator,
        state.quantity,
        `\`${JSON.stringify(state.options)}\``,
        String(state.stateVersion),
      ]),
    ),
    ...tuning.map(({ estimator, tried, criterion }) => {
      const settings = new Set(tried.map(({ quantity, options }) => JSON.stringify([quantity, options]))).size;
      return `\`${estimator}\`: ${settings} settings tried; ${criterion}.`;
    }),
    '## How well',
    figures.length === 0
      ? 'Nothing was measured.'
      : table(
          ['estimator', 'figure', 'value', '95 % interval', 'queries', 'how'],
          figures.map(({ estimator, name, interval, rows, how }) => [
            estimator,
            name,
            interval.value.toFixed(4),
            `${interval.low.toFixed(4)} to ${interval.high.toFixed(4)}`,
            String(rows),
            how,
          ]),
        ),
    ...reliability.flatMap((each) => [
      `Whether predictions of \`${each.estimator}\` can be believed: what quality came to (up) where so much was predicted (right), ` +
        'over all models, on the rows of the figures.',
      `\`\`\`text\n${reliabilityPlot(each)}\n\`\`\``,
    ]),
    '## Limits',
    'It knows the queries of its data. On queries of another kind its predictions are little better than each ' +
      "model's mean; measure on your own traffic before you trust it, and let feedback correct it.",
  ]
    .filter((part) => part !== '')
    .join('\n\n')}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
