import { plantedModels, plantedPrices, plantedSkills } from '../math/planted-world.ts';
import type { PlantedModel } from '../math/planted-world.ts';

/** How fast the simulated models answer: believable, and quick enough to play with. */
const speeds: Readonly<Record<PlantedModel, { readonly baseMs: number; readonly msPerToken: number }>> = {
  small: { baseMs: 40, msPerToken: 2 },
  medium: { baseMs: 90, msPerToken: 5 },
  large: { baseMs: 180, msPerToken: 10 },
};

/**
 * At this price of a dollar the planted world splits: chat and facts go to `small`, code to `medium`, the rest to `large`.
 */
const lambda = 40;

/** What `npm start` serves without a YAML, as the YAML that would say it. */
export function defaultYaml(): string {
  const models = plantedModels.map((model, index) => {
    const { input, cachedInput, output } = plantedPrices[model];
    return `  - id: ${model}
    backend: simulated
    price: { input: ${input}, cached_input: ${cachedInput}, output: ${output} }
    context_tokens: 128000
    capabilities: [tools, images, json_object, json_schema]
    options:
      skills: ${JSON.stringify(plantedSkills[model])}
      base_latency_ms: ${speeds[model].baseMs}
      ms_per_token: ${speeds[model].msPerToken}
      seed: ${index + 1}
`;
  });
  return `models:
${models.join('')}routes:
  auto:
    models: [${plantedModels.join(', ')}]
    policy: { type: epsilon-greedy, epsilon: 0.05, lambda: ${lambda} }
    estimators: { quality: knn, cost: mean }
`;
}
