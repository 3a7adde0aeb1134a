import type { Config } from '../config/config.ts';
import type { Embedder } from '../core/embedder.ts';
import { PointsmanError } from '../core/errors.ts';
import { embeddingTypes } from '../embedding/index.ts';
import { checkOptions } from '../routing/options.ts';

/** The embedder that the YAML names. Throws `invalid_config`. */
export function createEmbedder({ embedder, locate }: Config): Embedder {
  const { type, options } = embedder;
  if (!isKnown(type)) {
    const known = Object.keys(embeddingTypes).join(', ');
    throw new PointsmanError('invalid_config', `${locate('embedder')}: there is no embedder "${type}" (${known}).`);
  }
  const definition = embeddingTypes[type];
  return definition.create(checkOptions(`embedder ${type}`, definition.options, options, 'embedder'));
}

const isKnown = (type: string): type is keyof typeof embeddingTypes => Object.hasOwn(embeddingTypes, type);
