import { describe, expect, it } from 'vitest';
import { defaultConfig, loadConfig } from '../../src/config/load.ts';
import {
  plantedModels,
  plantedOutputTokens,
  plantedPrices,
  plantedSkills,
  plantedSubjects,
} from '../../src/math/planted-world.ts';
import { validatorOf } from '../../src/routing/options.ts';
import { simulatedOptions } from '../../src/backends/simulated/options.ts';
import { PointsmanError } from '../../src/core/errors.ts';

const config = defaultConfig({ environment: {}, workingDirectory: '/srv/gateway' });

describe('the built-in configuration', () => {
  it('is the planted world behind one route, on loopback, without a warning', () => {
    expect(config).toMatchObject({
      file: null,
      auth: 'loopback',
      listen: { host: '127.0.0.1', port: 4040 },
      keys: [],
      aliases: {},
      storage: { path: '/srv/gateway/pointsman.db' },
      warnings: [],
    });
    expect(config.models.map(({ id, simulated, price }) => [id, simulated, price])).toEqual(
      plantedModels.map((model) => [model, true, plantedPrices[model]]),
    );
    expect(config.routes).toHaveLength(1);
    expect(config.routes[0]).toMatchObject({
      name: 'auto',
      models: ['small', 'medium', 'large'],
      policy: { type: 'epsilon-greedy', options: { epsilon: 0.05, lambda: 40 } },
    });
  });

  it('gives the simulated backend options that it accepts, with the planted skills', () => {
    for (const model of config.models) {
      const options = model.targets[0]?.options;
      expect(validatorOf(simulatedOptions).Check(options)).toBe(true);
      expect(options).toMatchObject({
        skills: plantedSkills[plantedModels.find((name) => name === model.id) ?? 'small'],
      });
    }
  });

  it('has a lambda at which every model is the best of some subject', () => {
    const lambda = Number(config.routes[0]?.policy.options['lambda']);
    const best = plantedSubjects.map((subject) => {
      const utility = plantedModels.map(
        (model) =>
          plantedSkills[model][subject] -
          (lambda * (plantedOutputTokens[subject] * plantedPrices[model].output + 30 * plantedPrices[model].input)) /
            1e6,
      );
      return [subject, plantedModels[utility.indexOf(Math.max(...utility))]];
    });
    expect(Object.fromEntries(best)).toEqual({
      code: 'medium',
      math: 'large',
      writing: 'large',
      facts: 'small',
      translation: 'large',
      chat: 'small',
    });
  });
});

describe('loadConfig', () => {
  it('says which file is missing', () => {
    const load = (): unknown => loadConfig('no/such.yaml', { workingDirectory: '/srv/gateway', environment: {} });
    expect(load).toThrow(PointsmanError);
    expect(load).toThrow('/srv/gateway/no/such.yaml cannot be read');
  });
});
