import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkEmbedder, loadArtefact, restoreEstimator } from '../../src/artefacts/load-artefact.ts';
import { checkDestination, writeArtefact, type ArtefactToWrite } from '../../src/artefacts/write-artefact.ts';
import mean from '../../src/estimators/mean.ts';

const root = mkdtempSync(join(tmpdir(), 'pointsman-artefact-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;
const place = (): string => join(root, `artefact-${++made}`);

const embedder = { id: 'hashing-v1-4', dimensions: 4 };
const options = mean.settings({
  models: ['a', 'b'],
  dimensions: 4,
  embeddings: new Float32Array(8),
  promptTokens: Float64Array.of(1, 2),
  values: Float64Array.of(1, 0, 0.5, 0.25),
});
const settings = { prior_mean: 0.5, prior_strength: 2, discount: 1, prior_output_tokens: 300 };

function fitted(shift = 0) {
  const estimator = mean.create({ ...settings, ...options[0] }, { quantity: 'quality', dimensions: 4 });
  estimator.fit({
    models: ['a', 'b'],
    dimensions: 4,
    embeddings: new Float32Array(8),
    promptTokens: Float64Array.of(1, 2),
    values: Float64Array.of(1, 0, 0.5, 0.25 + shift),
  });
  return estimator;
}

function content(shift = 0): ArtefactToWrite {
  return {
    embedder: { ...embedder, text: 'prompt' },
    models: ['a', 'b'],
    recommended: 'mean',
    sources: [{ name: 'set/train.csv', sha256: 'f'.repeat(64), licence: null, use: 'research', rows: 2 }],
    states: [
      { estimator: 'mean', quantity: 'quality', options: { ...settings, ...options[0] }, state: fitted(shift).save() },
    ],
    tuning: [
      { estimator: 'mean', criterion: 'AIQ', tried: [{ quantity: 'quality', options: {}, score: 0.5, folds: 5 }] },
    ],
    figures: [
      { estimator: 'mean', name: 'AIQ', interval: { value: 0.5, low: 0.25, high: 0.75 }, rows: 2, how: 'held | out' },
    ],
    seed: '0',
  };
}

const candidates = ['a', 'b', 'never seen'].map((model) => ({ model, price: null }));
const input = { embedding: new Float32Array(4), promptTokens: 10 };
const restore = (path: string, change: { id?: string; dimensions?: number } = {}, needsEmbedding = false) =>
  restoreEstimator(loadArtefact(path), {
    estimator: 'mean',
    quantity: 'quality',
    definition: { ...mean, needsEmbedding },
    embedder: { ...embedder, ...change },
  });

describe('an artefact', () => {
  it('gives back estimators that predict to the bit as those that were written', () => {
    const path = place();
    const manifest = writeArtefact(path, content());
    expect(restore(path).predict(input, candidates)).toEqual(fitted().predict(input, candidates));
    expect(loadArtefact(path).manifest).toEqual(manifest);
    expect(readdirSync(path).sort()).toEqual(['README.md', 'manifest.json', 'mean.quality.bin']);
  });

  it('has the same bytes for the same content, and a card that tells what is in it', () => {
    const [first, second] = [place(), place()];
    writeArtefact(first, content());
    writeArtefact(second, content());
    for (const file of readdirSync(first)) {
      expect(readFileSync(join(second, file)).equals(readFileSync(join(first, file)))).toBe(true);
    }
    const card = readFileSync(join(first, 'README.md'), 'utf8');
    for (const part of ['hashing-v1-4', '- `a`', 'set/train.csv', 'not stated', '0.2500 to 0.7500', 'held \\| out']) {
      expect(card).toContain(part);
    }
  });

  it('is replaced as a whole; nothing is left beside it', () => {
    const path = place();
    writeArtefact(path, content());
    writeFileSync(join(path, 'stray.txt'), 'x');
    writeArtefact(path, content(0.5));
    expect(existsSync(join(path, 'stray.txt'))).toBe(false);
    expect(restore(path).predict(input, candidates)).toEqual(fitted(0.5).predict(input, candidates));
    expect(readdirSync(root).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('leaves the old one where a new one cannot be written', () => {
    const path = place();
    writeArtefact(path, content());
    const before = readFileSync(join(path, 'manifest.json'), 'utf8');
    const [state] = content().states;
    const broken = { ...content(), states: state === undefined ? [] : [{ ...state, estimator: '../escape' }] };
    expect(() => writeArtefact(path, broken)).toThrow(/file/);
    expect(readFileSync(join(path, 'manifest.json'), 'utf8')).toBe(before);
    const blocked = join(root, 'a-file', 'artefact');
    writeFileSync(join(root, 'a-file'), '');
    expect(() => writeArtefact(blocked, content())).toThrow('a-file is a file, not a folder; name another place.');
    expect(readdirSync(root).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('never writes over what is no artefact', () => {
    const path = place();
    mkdirSync(path);
    writeFileSync(join(path, 'thesis.tex'), 'years of work');
    expect(() => writeArtefact(path, content())).toThrow('no artefact (thesis.tex)');
    expect(readdirSync(path)).toEqual(['thesis.tex']);
    expect(() => checkDestination(join(path, 'thesis.tex'))).toThrow('name a folder');
    expect(() => checkDestination(join(root, 'new'))).not.toThrow();
  });
});

describe('what does not fit is refused, with what to do', () => {
  const rewrite = (path: string, change: (text: string) => string): void => {
    const file = join(path, 'manifest.json');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
  };
  const written = (): string => {
    const path = place();
    writeArtefact(path, content());
    return path;
  };

  it.each([
    [{ id: 'other-v1-4' }, '"hashing-v1-4" (4 dimensions), the gateway embeds with "other-v1-4" (4)'],
    [{ dimensions: 8 }, 'the gateway embeds with "hashing-v1-4" (8); set embedder'],
  ])('another embedder %j', (change, message) => {
    const path = written();
    expect(() => restore(path, change, true)).toThrow(message);
    // An estimator that never reads an embedding does not care.
    expect(() => restore(path, change, false)).not.toThrow();
    expect(() => checkEmbedder(loadArtefact(path), embedder)).not.toThrow();
  });

  it('another format', () => {
    const path = written();
    rewrite(path, (text) => text.replace('"format": 1', '"format": 2'));
    expect(() => loadArtefact(path)).toThrow('artefact format 2, this version reads 1; train it again');
  });

  it('a manifest that lacks something or is no JSON', () => {
    const [lacking, torn] = [written(), written()];
    rewrite(lacking, (text) => text.replace('"models"', '"modles"'));
    expect(() => loadArtefact(lacking)).toThrow(/manifest\.json: .*models/);
    rewrite(torn, (text) => text.slice(0, 100));
    expect(() => loadArtefact(torn)).toThrow('it is not JSON');
  });

  it('a state file outside the folder', () => {
    const path = written();
    rewrite(path, (text) => text.replace('"mean.quality.bin"', '"../mean.bin"'));
    expect(() => loadArtefact(path)).toThrow(/states\/0\/file/);
  });

  it('a state that was changed, or is gone', () => {
    const path = written();
    const file = join(path, 'mean.quality.bin');
    const bytes = readFileSync(file);
    bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    expect(() => loadArtefact(path)).toThrow('mean.quality.bin is not the file that the manifest describes');
    rmSync(file);
    expect(() => loadArtefact(path)).toThrow('mean.quality.bin cannot be read');
    expect(() => loadArtefact(join(root, 'nowhere'))).toThrow('an artefact is a folder written by "pointsman train"');
  });

  it('a state of another version of the estimator', () => {
    const path = place();
    const [state] = content().states;
    if (state === undefined) throw new Error('no state');
    writeArtefact(path, { ...content(), states: [{ ...state, state: { ...state.state, version: 99 } }] });
    expect(() => restore(path)).toThrow(
      /the state of mean for quality does not fit this version of mean .*train it again/,
    );
  });

  it('an estimator that it does not hold', () => {
    const artefact = loadArtefact(written());
    expect(artefact.entry('mean', 'cost')).toBeNull();
    expect(() => artefact.state('mean', 'cost')).toThrow('it has no mean for cost, only mean (quality)');
  });
});
