import type { Config } from '../config/config.ts';
import type { FoundModel } from '../config/found.ts';
import { version } from './version.ts';

/** What somebody who just started the gateway wants to see: where it is, what it serves, how to try it. */
export function banner(config: Config, url: string, found: readonly FoundModel[], usesFound: boolean): string {
  const simulated = config.models.every((model) => model.simulated);
  const route = config.routes[0]?.name ?? config.models[0]?.id ?? 'auto';
  const key = config.auth === 'keys' ? 'YOUR_POINTSMAN_KEY' : 'none';
  const width = Math.max(...config.models.map(({ id }) => id.length));
  const models = config.models.map(({ id, price, targets }) => {
    const cost =
      price === null
        ? 'price unknown: listed, not routed'
        : `$${price.input} in, $${price.output} out per million tokens`;
    return `    ${id.padEnd(width)}  ${targets.map((target) => (target.baseUrl === '' ? target.backend : target.baseUrl)).join(', ')}  ${cost}`;
  });
  const routes = config.routes.map(
    ({ name, policy, models: ids }) => `    ${name}  ${policy.type} over ${ids.join(', ')}`,
  );
  return `
  Pointsman ${version()}  ${url}${simulated ? '  (simulated models: nothing leaves this machine)' : ''}

  models
${models.join('\n')}
  routes
${routes.join('\n')}

  try it
    curl ${url}/v1/chat/completions -H 'content-type: application/json'${key === 'none' ? '' : ` -H 'authorization: Bearer ${key}'`} -i \\
      -d '{"model": "${route}", "messages": [{"role": "user", "content": "Write a Python function that reverses a list"}]}'

  with the OpenAI SDK
    const client = new OpenAI({ baseURL: '${url}/v1', apiKey: '${key}' });
    await client.chat.completions.create({ model: '${route}', messages: [{ role: 'user', content: 'Hello' }] });
${foundText(found, usesFound)}
`;
}

function foundText(found: readonly FoundModel[], usesFound: boolean): string {
  if (found.length === 0 || usesFound) return '';
  const list = found.map(({ id, provider, yaml }) => `    # ${provider}: ${id}\n${indent(yaml)}`).join('');
  return `
  found on this machine, not used (prompts go to a paid API only when you say so)
${list}
  to use them now:  npm start -- --use-found     to choose yourself: put the lines above under "models:" in pointsman.yaml
`;
}

const indent = (text: string): string =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}\n`)
    .join('');
