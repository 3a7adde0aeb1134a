import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plantedFiles, plantedSizes } from '../../scripts/make-planted.ts';
import { plantedPrompts } from '../../src/math/planted-prompts.ts';
import { plantedCsv, plantedRows } from '../../src/math/planted-rows.ts';
import {
  difficultyOf,
  plantedModels,
  plantedQuality,
  plantedSkills,
  plantedSubjects,
  subjectOf,
} from '../../src/math/planted-world.ts';
import { seededRandom } from '../../src/core/random.ts';

const train = plantedRows('train', plantedSizes.train);
const test = plantedRows('test', plantedSizes.test);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('data/planted', () => {
  it('is what the generator makes: run `npx tsx scripts/make-planted.ts` where this fails', () => {
    const stored = (name: string): Buffer => readFileSync(new URL(`../../data/planted/${name}`, import.meta.url));
    for (const [name, bytes] of Object.entries(plantedFiles())) {
      // The gzip frame may differ between versions of zlib; what it holds may not.
      if (name.endsWith('.gz')) expect(gunzipSync(stored(name)).equals(gunzipSync(bytes))).toBe(true);
      else expect(stored(name).toString()).toBe(bytes.toString());
    }
  });

  it('has 900 and 300 rows, ids and prompts all different', () => {
    expect([train.length, test.length]).toEqual([900, 300]);
    const all = [...train, ...test];
    expect(new Set(all.map(({ text }) => text)).size).toBe(1200);
    expect(new Set(all.map(({ id }) => id)).size).toBe(1200);
  });

  it('lets every prompt tell its subject', () => {
    expect([...train, ...test].filter(({ text, subject }) => subjectOf(text) !== subject)).toEqual([]);
  });

  it('asks about other things in the held-out part', () => {
    const words = (rows: readonly { text: string }[]): Set<string> => new Set(rows.flatMap(({ text }) => text.split(/\W+/)));
    const seen = words(train);
    const fresh = test.filter(({ text }) => text.split(/\W+/).some((word) => !seen.has(word)));
    expect(fresh.length / test.length).toBeGreaterThan(0.9);
  });

  it('shows the planted skills in its means', () => {
    for (const model of plantedModels) {
      for (const subject of plantedSubjects) {
        const rows = train.filter((row) => row.subject === subject);
        const expected = mean(rows.map(({ text }) => plantedQuality(plantedSkills[model][subject], difficultyOf(text))));
        // 150 coins: four standard errors are at most .165.
        expect(Math.abs(mean(rows.map(({ quality }) => quality[model])) - expected)).toBeLessThan(0.165);
      }
    }
  });

  it('has the story that the tests of routing rely on', () => {
    const quality = (model: (typeof plantedModels)[number], subject?: string): number =>
      mean(train.filter((row) => subject === undefined || row.subject === subject).map((row) => row.quality[model]));
    expect(quality('large')).toBeGreaterThan(quality('medium'));
    expect(quality('medium')).toBeGreaterThan(quality('small'));
    expect(quality('medium', 'code') - quality('large', 'code')).toBeGreaterThan(0.1);
    expect(quality('small', 'chat')).toBeGreaterThan(0.85);
    expect(quality('small', 'facts')).toBeGreaterThan(0.8);
    const cost = (model: (typeof plantedModels)[number]): number => mean(train.map((row) => row.costUsd[model]));
    expect(cost('large') / cost('medium')).toBeGreaterThan(4);
    expect(cost('medium') / cost('small')).toBeGreaterThan(4);
  });

  it('names the cheapest of the best as oracle', () => {
    const [, ...lines] = plantedCsv(train).trimEnd().split('\n');
    lines.forEach((line, index) => {
      const row = train[index];
      const named = line.slice(line.lastIndexOf(',') + 1);
      if (row === undefined) throw new Error('more lines than rows');
      const best = Math.max(...plantedModels.map((model) => row.quality[model]));
      if (named === 'no_model_correct') expect(best).toBe(0);
      else {
        const model = plantedModels.find((name) => name === named) ?? 'small';
        expect(row.quality[model]).toBe(best);
        for (const other of plantedModels) {
          if (row.quality[other] === best) expect(row.costUsd[model]).toBeLessThanOrEqual(row.costUsd[other]);
        }
      }
    });
  });
});

describe('the planted world', () => {
  it('gives the same rows for the same seed and others for another', () => {
    expect(plantedRows('train', 5)).toEqual(plantedRows('train', 5));
    expect(plantedRows('train', 5, 'other')).not.toEqual(plantedRows('train', 5));
  });

  it('says when its grammar is exhausted', () => {
    expect(() => plantedPrompts('test', 1000, seededRandom(1))).toThrow(RangeError);
  });

  it('recognises subjects in words of its own', () => {
    expect(subjectOf('fix my python code')).toBe('code');
    expect(subjectOf('Solve x + 1 = 2, please')).toBe('math');
    expect(subjectOf('')).toBe('chat');
    expect(subjectOf('zzz')).toBe('chat');
    expect(subjectOf('a poem, a haiku and some Python')).toBe('writing');
  });

  it('reads difficulty off the first word that tells', () => {
    expect([difficultyOf('Quick one: hi'), difficultyOf('hi'), difficultyOf('a TRICKY question')]).toEqual([0.2, 0.5, 0.8]);
    expect(difficultyOf('a rigorous but short proof')).toBe(0.8);
  });

  it('keeps quality a probability that grows with skill and falls with difficulty', () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(unit, unit, unit, unit, (a, b, c, d) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const [easy, hard] = [Math.min(c, d), Math.max(c, d)];
        const value = plantedQuality(low, easy);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
        expect(plantedQuality(high, easy)).toBeGreaterThanOrEqual(value);
        expect(plantedQuality(low, hard)).toBeLessThanOrEqual(value);
      }),
    );
    expect(plantedQuality(0.7, 0.5)).toBeCloseTo(0.7, 12);
  });
});
