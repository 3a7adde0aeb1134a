import type { Embedder } from '../core/embedder.ts';
import type { EstimatorInput, TrainingRows } from '../core/estimator.ts';
import { promptTokensOf } from '../wire/prompt-tokens.ts';
import { rowCount, takeRows, type Dataset } from './datasets/dataset.ts';
import { embedInThreads } from './embed-threads.ts';
import { embeddingKey, type EmbeddingCache } from './embedding-cache.ts';
import type { OnProgress } from './progress.ts';

/** What data sets teach. */
export type FittedQuantity = 'quality' | 'cost';

/** A data set with what is known of each query before any model answered it. N rows, D dimensions. */
export interface EmbeddedDataset {
  readonly dataset: Dataset;
  readonly dimensions: number;
  /** [N x D] */
  readonly embeddings: Float32Array;
  /** [N] As a request with the embedded text as its only message gets it. */
  readonly promptTokens: Float64Array;
}

/** What is known without an embedding, where nothing reads one. */
export function withoutEmbeddings(dataset: Dataset): EmbeddedDataset {
  return withEmbeddings(dataset, 0, new Float32Array(0));
}

/** @param embeddings [N x dimensions] */
export function withEmbeddings(dataset: Dataset, dimensions: number, embeddings: Float32Array): EmbeddedDataset {
  return { dataset, dimensions, embeddings, promptTokens: Float64Array.from(dataset.texts, promptTokensOf) };
}

/** As `embedDataset`, but vectors that were made before are read from the cache. */
export async function embedOnce(
  dataset: Dataset,
  embedder: Embedder,
  cache: EmbeddingCache | null,
  onProgress: OnProgress,
  threads: number | null = null,
): Promise<EmbeddedDataset> {
  if (cache === null) return await embedDataset(dataset, embedder, onProgress, threads);
  const key = embeddingKey(embedder.id, dataset.texts);
  const kept = cache.load(key, rowCount(dataset) * embedder.dimensions);
  if (kept !== null) return withEmbeddings(dataset, embedder.dimensions, kept);
  const embedded = await embedDataset(dataset, embedder, onProgress, threads);
  cache.save(key, embedded.embeddings);
  return embedded;
}

/**
 * Embeds every text once. A replayed query is a request whose one user message is the text that is embedded, so that
 * replay and the running gateway see the same. Rejects as the embedder does.
 *
 * @param threads null: as the machine allows. The vectors are the same with any number.
 */
export async function embedDataset(
  dataset: Dataset,
  embedder: Embedder,
  onProgress: OnProgress,
  threads: number | null = null,
): Promise<EmbeddedDataset> {
  const { dimensions } = embedder;
  const rows = rowCount(dataset);
  onProgress({ stage: 'embed', what: dataset.name, done: 0, total: rows });
  const made = await embedInThreads(dataset.texts, embedder, threads);
  if (made !== null) {
    onProgress({ stage: 'embed', what: dataset.name, done: rows, total: rows });
    return withEmbeddings(dataset, dimensions, made);
  }
  const embeddings = new Float32Array(rows * dimensions);
  for (const [row, text] of dataset.texts.entries()) {
    const vector = embedder.embed(text);
    embeddings.set(vector instanceof Float32Array ? vector : await vector, row * dimensions);
    if (row % 256 === 255) onProgress({ stage: 'embed', what: dataset.name, done: row + 1, total: rows });
  }
  onProgress({ stage: 'embed', what: dataset.name, done: rows, total: rows });
  return withEmbeddings(dataset, dimensions, embeddings);
}

/** The rows at `indices`, in that order. */
export function takeEmbedded(embedded: EmbeddedDataset, indices: readonly number[]): EmbeddedDataset {
  const { dimensions } = embedded;
  const embeddings = new Float32Array(indices.length * dimensions);
  indices.forEach((index, i) => {
    embeddings.set(embedded.embeddings.subarray(index * dimensions, (index + 1) * dimensions), i * dimensions);
  });
  return {
    dataset: takeRows(embedded.dataset, indices),
    dimensions,
    embeddings,
    promptTokens: Float64Array.from(indices, (index) => embedded.promptTokens[index] ?? 0),
  };
}

/** Read-only views into the columns. */
export function inputOf(embedded: EmbeddedDataset, row: number): EstimatorInput {
  const { dimensions, embeddings, promptTokens } = embedded;
  return {
    embedding: embeddings.subarray(row * dimensions, (row + 1) * dimensions),
    promptTokens: promptTokens[row] ?? 0,
  };
}

/** What an estimator of quality or cost is fitted on; null where the data set does not know the quantity. */
export function trainingRows(embedded: EmbeddedDataset, quantity: FittedQuantity): TrainingRows | null {
  const { dataset, dimensions, embeddings, promptTokens } = embedded;
  const values = quantity === 'quality' ? dataset.quality : dataset.costUsd;
  return values === null ? null : { models: dataset.models, dimensions, embeddings, promptTokens, values };
}
