import { openDecisionLog, type LoggedDecision } from '../../../outcomes/log.ts';
import type { DatasetReader, DatasetRow, DataSource } from '../dataset.ts';

const batchRows = 1024;

/**
 * Pointsman's own log: of each request the outcome of the model that served it is known, and how likely every model was
 * to be taken. Partial; what off-policy evaluation reads. A request without a reward has an unknown quality and is left
 * out; the prompt is empty unless the gateway keeps text. Throws `invalid_data`.
 */
export function openPointsmanLog(path: string, name: string, source: Omit<DataSource, 'rows'>): DatasetReader {
  const opened = openDecisionLog(path);
  opened.close();
  const { models } = opened;
  let unrewarded = 0;
  return {
    name,
    models,
    hasCost: true,
    embeddedText: 'prompt',
    source,
    partial: true,
    extras: ['tokens', 'propensities'],
    async *rows() {
      unrewarded = 0;
      const log = openDecisionLog(path);
      try {
        let batch: DatasetRow[] = [];
        for (const decision of log.decisions()) {
          if (decision.quality === null) {
            unrewarded += 1;
            continue;
          }
          batch.push(toRow(decision, models));
          if (batch.length < batchRows) continue;
          yield batch;
          batch = [];
        }
        yield batch;
      } finally {
        log.close();
      }
    },
    warnings: () => (unrewarded === 0 ? [] : [`${source.name}: ${unrewarded} requests without a reward are left out`]),
  };
}

function toRow(decision: LoggedDecision, models: readonly string[]): DatasetRow {
  const ofServed = (value: number | null): number[] =>
    models.map((model) => (model === decision.served ? (value ?? Number.NaN) : Number.NaN));
  const prompt = decision.prompt ?? '';
  return {
    sampleId: decision.decision,
    prompt,
    text: prompt,
    group: decision.route,
    quality: ofServed(decision.quality),
    costUsd: ofServed(decision.costUsd),
    tokens: { input: ofServed(decision.promptTokens), output: ofServed(decision.outputTokens) },
    propensities: models.map((model) => decision.propensities[decision.candidates.indexOf(model)] ?? 0),
  };
}
