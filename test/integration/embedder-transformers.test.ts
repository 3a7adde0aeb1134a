import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { createTransformersEmbedder, type TransformersOptions } from '../../src/embedding/transformers.ts';
import { writeTinyEncoder } from '../helpers/tiny-encoder.ts';

const home = mkdtempSync(join(tmpdir(), 'pointsman-encoder-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const folder = writeTinyEncoder(join(home, 'tiny'));
const usual: TransformersOptions = {
  local_model_path: folder,
  quantized: true,
  workers: 1,
  max_pending: 4,
  max_tokens: 16,
  cache_entries: 100,
};

function create(change: Partial<TransformersOptions> = {}) {
  const embedder = createTransformersEmbedder({ ...usual, ...change });
  onTestFinished(() => embedder.close?.());
  return embedder;
}

describe('the transformers embedder', () => {
  it('gives the mean over the tokens at length 1, from a folder, and the same again from memory', async () => {
    const embedder = create();
    await embedder.ready?.();
    expect(embedder.dimensions).toBe(4);
    // cat (1,0,0,0) + dog (0,2,0,0), [CLS] and [SEP] zero: mean in the direction of (1,2,0,0).
    const vector = await embedder.embed('cat dog');
    const expected = [1 / Math.sqrt(5), 2 / Math.sqrt(5), 0, 0];
    vector.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? NaN, 6));
    expect([...(await embedder.embed('TREE'))].map((value) => Math.round(value * 10))).toEqual([0, 0, 6, 8]);
    expect(embedder.embed('cat dog')).toBe(vector);
    expect(embedder.embed('  ')).toEqual(new Float32Array(4));
  });

  it('reads max_tokens of a text', async () => {
    const embedder = create({ max_tokens: 8 });
    const long = await embedder.embed(`${'cat '.repeat(10)}dog`);
    expect(long[0]).toBeCloseTo(1, 6);
    expect(long[1]).toBe(0);
  });

  it('takes what waits in turn, and refuses what is one too many', async () => {
    const embedder = create({ max_pending: 2 });
    await embedder.ready?.();
    const texts = ['cat', 'dog', 'tree', 'cat tree'];
    const answers = await Promise.allSettled(texts.map(async (text) => await embedder.embed(text)));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    expect(answers[3]).toMatchObject({
      reason: { code: 'embedder_unavailable', message: expect.stringContaining('2 texts waiting') },
    });
    // A refusal is not remembered.
    expect((await embedder.embed('cat tree'))[0]).toBeGreaterThan(0);
  });

  it('has another id for another model and another cut', () => {
    const other = writeTinyEncoder(join(home, 'other'), Buffer.from('another model'));
    const ids = [create(), create({ local_model_path: other }), create({ max_tokens: 9 }), create()].map(
      ({ id }) => id,
    );
    expect(new Set(ids).size).toBe(3);
    expect(ids[3]).toBe(ids[0]);
    expect(ids[0]).not.toContain(home);
  });

  it('says what a folder lacks', () => {
    expect(() => create({ local_model_path: join(home, 'nowhere') })).toThrow(
      /nowhere lacks config\.json, tokenizer\.json, tokenizer_config\.json, onnx\/model_quantized\.onnx/,
    );
    expect(() => create({ quantized: false })).toThrow('lacks onnx/model.onnx');
    const empty = writeTinyEncoder(join(home, 'empty'));
    writeFileSync(join(empty, 'config.json'), '{}');
    expect(() => create({ local_model_path: empty })).toThrow('without "hidden_size"');
  });

  it('is never ready with a model that does not load, and refuses every text', async () => {
    const broken = writeTinyEncoder(join(home, 'broken'), Buffer.from('no onnx at all'));
    const embedder = create({ local_model_path: broken });
    await expect(embedder.ready?.()).rejects.toMatchObject({ code: 'invalid_config' });
    await expect(embedder.embed('cat')).rejects.toMatchObject({ code: 'embedder_unavailable' });
  });

  it('fails on a model of another width than its config says', async () => {
    const wide = writeTinyEncoder(join(home, 'wide'));
    writeFileSync(join(wide, 'config.json'), JSON.stringify({ model_type: 'bert', hidden_size: 7 }));
    const embedder = create({ local_model_path: wide });
    await expect(embedder.embed('cat')).rejects.toMatchObject({ code: 'embedder_unavailable' });
  });

  it('rejects what runs and what waits when it is closed', async () => {
    const embedder = create();
    await embedder.ready?.();
    const asked = ['cat', 'dog', 'tree'].map((text) => Promise.resolve(embedder.embed(text)));
    const settled = Promise.allSettled(asked);
    await embedder.close?.();
    const answers = await settled;
    expect(answers.some(({ status }) => status === 'rejected')).toBe(true);
  });
});
