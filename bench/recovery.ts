/**
 * A live gateway while one of its models gets worse: `npx tsx bench/recovery.ts [REQUESTS]`, default 900. Two gateways with real HTTP
 * between them: one serves three simulated models of the planted world, the other routes to it and knows nothing else of it. At half
 * of the requests `large` drops to chance, silently. The same questions are asked of two routes, a bandit that is told how
 * good its answers were and `large` for everything. Seeded: same arguments, same figure. Writes docs/figures/recovery.svg, the
 * numbers beside it, and what the README says of them.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildApp, type App } from '../src/app.ts';
import { parseConfig } from '../src/config/load.ts';
import { seededRandom } from '../src/core/random.ts';
import { plantedPrompts } from '../src/math/planted-prompts.ts';
import { plantedModels, plantedPrices, plantedSkills, plantedSubjects } from '../src/math/planted-world.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { recoverySvg } from './recovery-svg.ts';
import { writeBetween } from './write-between.ts';

const requests = Number(process.argv[2] ?? 900);
const half = Math.floor(requests / 2);
const window = 60;
const chance = 0.25;
const seed = 'recovery';
const folder = mkdtempSync(join(tmpdir(), 'pointsman-recovery-'));
const place = fileURLToPath(new URL('../docs/figures/', import.meta.url));

const modelLine = (id: (typeof plantedModels)[number], rest: string): string => {
  const { input, output } = plantedPrices[id];
  return `  - { id: ${id}, price: { input: ${input}, output: ${output} }, ${rest} }`;
};

/** The world: `large` as it was planted, or by chance. */
const worldYaml = (degraded: boolean): string => {
  const skillsOf = (id: (typeof plantedModels)[number]): string =>
    JSON.stringify(
      degraded && id === 'large' ? Object.fromEntries(plantedSubjects.map((s) => [s, chance])) : plantedSkills[id],
    );
  const models = plantedModels.map((id) => modelLine(id, `backend: simulated, options: { skills: ${skillsOf(id)} }`));
  return `models:\n${models.join('\n')}\nroutes:\n  any: { policy: random }\nlearning: { enabled: false }\n`;
};
/** Half of what was learned is forgotten after 70 answers of a model. */
const gatewayYaml = (world: string): string => `models:
${plantedModels.map((id) => modelLine(id, `base_url: "${world}/v1", api_key: none`)).join('\n')}
estimators:
  linear: { type: linear-bayes, discount: 0.99 }
routes:
  bandit: { policy: { type: linucb, lambda: 0 }, estimators: { quality: linear } }
  fixed: { policy: { type: static, model: large } }
`;

async function open(yaml: string, name: string, reread?: () => string): Promise<{ app: App; url: string }> {
  const environment = { POINTSMAN_STORAGE_PATH: join(folder, `${name}.db`), POINTSMAN_PORT: '0' };
  const read = (text: string) => parseConfig(text, null, { environment, workingDirectory: folder });
  const logger = createLogger({
    level: 'warn',
    style: 'json',
    write: (line) => process.stderr.write(line),
    now: Date.now,
  });
  const app = await buildApp(read(yaml), { logger, ...(reread ? { reread: () => read(reread()) } : {}) });
  return { app, url: await app.server.listen({ host: '127.0.0.1', port: 0 }) };
}

const post = async (url: string, path: string, body: object): Promise<{ headers: Headers; body: unknown }> => {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return { headers: response.headers, body: await response.json() };
};
/** Simulated models tell how good their answer was. */
const qualityOf = (body: unknown): number =>
  Number(Reflect.get(Object(Reflect.get(Object(body), 'simulated')), 'quality'));

const random = seededRandom(seed);
const prompts = plantedPrompts('train', Math.ceil(requests / plantedSubjects.length), random).map(({ text }) => text);
for (let i = prompts.length - 1; i > 0; i--) {
  const j = random.integer(i + 1);
  [prompts[i], prompts[j]] = [prompts[j] ?? '', prompts[i] ?? ''];
}

const world = await open(worldYaml(false), 'world', () => worldYaml(true));
const gateway = await open(gatewayYaml(world.url), 'gateway');
const routes = ['bandit', 'fixed'] as const;
const quality = { bandit: [] as number[], fixed: [] as number[] };
const toLarge: number[] = [];
for (const [i, prompt] of prompts.slice(0, requests).entries()) {
  if (i === half) await world.app.reload();
  for (const route of routes) {
    const messages = [{ role: 'user', content: prompt }];
    const { headers, body } = await post(gateway.url, 'chat/completions', { model: route, messages });
    const score = qualityOf(body);
    quality[route].push(score);
    if (route === 'fixed') continue;
    toLarge.push(headers.get('x-pointsman-model') === 'large' ? 1 : 0);
    await post(gateway.url, 'feedback', { decision: headers.get('x-pointsman-decision'), score });
  }
  if (i % 100 === 99) process.stderr.write(`${i + 1} of ${requests}\n`);
}
await gateway.app.close();
await world.app.close();
rmSync(folder, { recursive: true });

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const rolling = (values: readonly number[]): number[] =>
  values.map((_, i) => mean(values.slice(Math.max(0, i + 1 - window), i + 1)));
const rounded = (value: number): number => Number(value.toFixed(3));
const phases = (values: readonly number[]) => ({
  'before, second half': rounded(mean(values.slice(half / 2, half))),
  [`the ${window} after`]: rounded(mean(values.slice(half, half + window))),
  'last 200': rounded(mean(values.slice(-200))),
});
const below = toLarge.findIndex((_, i) => i >= half + 20 && mean(toLarge.slice(i - 19, i + 1)) < 0.1);
const numbers = {
  command: `npx tsx bench/recovery.ts${requests === 900 ? '' : ` ${requests}`}`,
  requests,
  'large drops to chance at': half,
  quality: { bandit: phases(quality.bandit), fixed: phases(quality.fixed) },
  'requests until large has under 10 % of the last 20': below === -1 ? null : below - half,
};
mkdirSync(place, { recursive: true });
writeFileSync(join(place, 'recovery.json'), `${JSON.stringify(numbers, null, 2)}\n`);
writeFileSync(
  join(place, 'recovery.svg'),
  recoverySvg({
    lines: [
      { name: 'linucb, told how good its answers were', colour: '#0a7d52', values: rolling(quality.bandit) },
      { name: 'large for everything', colour: '#b3402a', values: rolling(quality.fixed) },
    ],
    from: window - 1,
    change: { at: half, text: 'large drops to chance' },
    window,
  }),
);
const last = (route: (typeof routes)[number]): string => mean(quality[route].slice(-200)).toFixed(2);
writeBetween(
  'README.md',
  'recovery',
  `![Quality of the answers of two routes of a live gateway: after one model gets worse, the bandit recovers and the fixed route does not](docs/figures/recovery.svg)

A live gateway over HTTP; the model that was best silently drops to chance after ${half} requests (simulated models, seeded). The route that learns
from feedback (\`linucb\` over \`linear-bayes\` with \`discount: 0.99\`) ends at a quality of ${last('bandit')}, the fixed one at ${last('fixed')}. \`npx tsx bench/recovery.ts\`
draws it again; [the numbers](docs/figures/recovery.json), [giving feedback](docs/feedback.md).`,
);
process.stdout.write(`${JSON.stringify(numbers, null, 2)}\n`);
