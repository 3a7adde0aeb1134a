import type { Config } from '../config/config.ts';
import type { Access, ListedModel } from '../http/gateway.ts';

/** Every name a caller may ask for: routes first, then models, then aliases that are no pattern. */
export function listModels(config: Config, access: Access): readonly ListedModel[] {
  const may = (route: string): boolean => access.routes === null || access.routes.has(route);
  const simulated = new Set(config.models.filter((model) => model.simulated).map(({ id }) => id));
  const routes = config.routes.filter(({ name }) => may(name));
  const names = new Set(routes.map(({ name }) => name));
  return [
    ...routes.map(({ name, models }): ListedModel => ({
      id: name,
      kind: 'route',
      simulated: models.every((model) => simulated.has(model)),
      unroutable: null,
    })),
    ...config.models
      .filter(({ id }) => may(id))
      .map(({ id, price }): ListedModel => ({
        id,
        kind: 'model',
        simulated: simulated.has(id),
        unroutable: price === null ? 'its price is unknown: add `price` to it in the YAML' : null,
      })),
    ...Object.entries(config.aliases)
      .filter(([alias, name]) => !alias.includes('*') && (access.routes === null || names.has(name)))
      .map(([alias, name]): ListedModel => ({
        id: alias,
        kind: 'alias',
        simulated: simulated.has(name),
        unroutable: null,
      })),
  ];
}
