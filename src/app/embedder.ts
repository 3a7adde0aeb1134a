import type { TSchema } from 'typebox';
import type { Config } from '../config/config.ts';
import type { Embedder } from '../core/embedder.ts';
import { PointsmanError } from '../core/errors.ts';
import { embeddingTypes } from '../embedding/index.ts';
import { checkOptions } from '../routing/options.ts';

/** The embedder that the YAML names, ready to embed. Rejects with `invalid_config`. */
export async function createEmbedder({ embedder, locate }: Pick<Config, 'embedder' | 'locate'>): Promise<Embedder> {
  const { type, options } = embedder;
  if (!isKnown(type)) {
    const known = Object.keys(embeddingTypes).join(', ');
    throw new PointsmanError('invalid_config', `${locate('embedder')}: there is no embedder "${type}" (${known}).`);
  }
  const made = makeEmbedder(type, options);
  try {
    await made.ready?.();
  } catch (cause) {
    await made.close?.();
    throw cause;
  }
  return made;
}

function makeEmbedder(type: keyof typeof embeddingTypes, options: Readonly<Record<string, unknown>>): Embedder {
  const check = <Schema extends TSchema>(schema: Schema) =>
    checkOptions(`embedder ${type}`, schema, options, 'embedder');
  switch (type) {
    case 'hashing':
      return embeddingTypes.hashing.create(check(embeddingTypes.hashing.options));
    case 'remote':
      return embeddingTypes.remote.create(check(embeddingTypes.remote.options));
    case 'transformers':
      return embeddingTypes.transformers.create(check(embeddingTypes.transformers.options));
    default:
      return type satisfies never;
  }
}

const isKnown = (type: string): type is keyof typeof embeddingTypes => Object.hasOwn(embeddingTypes, type);
