import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import type { FoundModel } from '../../src/config/found.ts';
import {
  chooseForAuto,
  configFromFound,
  findProviders,
  httpProbe,
  providers,
  yamlFromFound,
  yamlOf,
} from '../../src/config/found.ts';
import { findLocalServers } from '../../src/config/found-servers.ts';
import { parseConfig } from '../../src/config/load.ts';
import { readPriceTable } from '../../src/config/price-table.ts';

const table = readPriceTable();
const nothing = () => Promise.resolve(null);
const ollama =
  (...names: readonly string[]) =>
  () =>
    Promise.resolve({ models: names.map((name, index) => ({ name, size: 1000 - index })) });
const keys = {
  OPENAI_API_KEY: 'sk-openai-secret',
  ANTHROPIC_API_KEY: 'sk-ant-secret',
  MISTRAL_API_KEY: 'mistral-secret',
};

describe('findProviders', () => {
  it('finds nothing where nothing is', async () => {
    const found = await findProviders({}, nothing, table);
    expect(found).toEqual([]);
    expect(yamlFromFound(found)).toBeNull();
    expect(configFromFound(found)).toBeNull();
  });

  it('asks Ollama for its tags and nobody for an answer', async () => {
    const asked: string[] = [];
    await findProviders(keys, (url) => Promise.resolve(void asked.push(url)), table);
    expect(asked).toEqual(['http://127.0.0.1:11434/api/tags']);
  });

  it('tells the line that would use each model and never the key', async () => {
    const found = await findProviders(keys, nothing, table);
    expect(new Set(found.map(({ provider }) => provider))).toEqual(new Set(['OpenAI', 'Anthropic', 'Mistral']));
    expect(found.map(({ blendedUsd }) => blendedUsd)).toEqual(
      found.map(({ blendedUsd }) => blendedUsd).sort((a, b) => a - b),
    );
    const text = JSON.stringify(found);
    for (const secret of Object.values(keys)) expect(text).not.toContain(secret);
    expect(found.find(({ id }) => id === 'gpt-6-luna')?.yaml).toBe(
      '  - id: gpt-6-luna\n    base_url: https://api.openai.com/v1\n    api_key: ${OPENAI_API_KEY}\n',
    );
  });

  it('takes an empty key for none', async () => {
    expect(await findProviders({ OPENAI_API_KEY: '' }, nothing, table)).toEqual([]);
  });

  it('leaves embedding models of Ollama out, biggest model first', async () => {
    const found = await findProviders({}, ollama('llama3.2:3b', 'nomic-embed-text', 'qwen3:8b', 'bge-m3'), table);
    expect(found.map(({ id }) => id)).toEqual(['llama3.2:3b', 'qwen3:8b']);
  });

  it.each([[null], ['text'], [{}], [{ models: 3 }], [{ models: [null, 3, {}, { name: 7 }, { name: 'a b' }] }]])(
    'makes nothing of %j',
    async (answer) => {
      expect(await findProviders({}, () => Promise.resolve(answer), table)).toEqual([]);
    },
  );

  it('offers only models whose price the table knows at that host', () => {
    for (const { baseUrl, models } of providers) {
      for (const id of models) expect([id, table.find(id, new URL(baseUrl).hostname)?.id]).toEqual([id, id]);
    }
  });

  it('keeps one of a model that two providers sell', async () => {
    const found = await findProviders({ GROQ_API_KEY: 'g', TOGETHER_API_KEY: 't' }, nothing, table);
    const ids = found.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain('openai/gpt-oss-120b');
  });
});

describe('--use-found', () => {
  const model = (id: string, blendedUsd: number, local = false): FoundModel => ({
    id,
    provider: 'P',
    local,
    blendedUsd,
    yaml: '',
  });
  const ids = (models: readonly FoundModel[]): string => models.map(({ id }) => id).join(' ');

  it('takes at most four, spread over price, with the ends', () => {
    const many = Array.from({ length: 9 }, (_, i) => model(`p${i}`, i + 1));
    expect(ids(chooseForAuto(many))).toBe('p0 p3 p5 p8');
    expect(ids(chooseForAuto(many.slice(0, 3)))).toBe('p0 p1 p2');
    const locals = Array.from({ length: 6 }, (_, i) => model(`l${i}`, 0, true));
    expect(ids(chooseForAuto([...locals, ...many]))).toBe('l0 l1 p0 p8');
    expect(ids(chooseForAuto(locals))).toBe('l0 l1 l2 l3');
    expect(ids(chooseForAuto([...locals, model('p', 1)]))).toBe('l0 l1 p');
  });

  it('becomes a configuration that reads without a warning', async () => {
    const found = await findProviders(keys, ollama('qwen3:8b', 'llama3.2'), table);
    const config = configFromFound(found, { environment: keys, table });
    expect(config?.warnings).toEqual([]);
    expect(config?.models).toHaveLength(4);
    expect(config?.routes[0]?.models).toEqual(config?.models.map(({ id }) => id));
    expect(config?.models.every(({ price }) => price !== null)).toBe(true);
    expect(config?.models.filter(({ targets }) => targets[0]?.local).map(({ id }) => id)).toEqual([
      'qwen3:8b',
      'llama3.2',
    ]);
    expect(config?.models.at(-1)?.targets[0]?.apiKey).toMatch(/secret$/);
  });

  it('works with every provider on its own', async () => {
    for (const { keys: names, models } of providers) {
      const environment = { [names[0] ?? '']: 'k' };
      const found = await findProviders(environment, nothing, table);
      const config = configFromFound(found, { environment, table });
      expect(config?.models).toHaveLength(models.length);
      expect(config?.warnings).toEqual([]);
    }
  });
});

describe('httpProbe', () => {
  const server = createServer((request, response) => {
    if (request.url === '/tags') response.end('{"models":[]}');
    else if (request.url === '/text') response.end('no json');
    else if (request.url === '/moved') response.writeHead(302, { location: '/tags' }).end();
    else if (request.url !== '/never') response.writeHead(500).end('{}');
  });
  const ready = new Promise<string>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve(`http://127.0.0.1:${port}`);
    });
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('reads JSON, and gives null for everything else', async () => {
    const base = await ready;
    const probe = httpProbe(200);
    expect(await httpProbe(10_000)(`${base}/tags`)).toEqual({ models: [] });
    for (const path of ['/text', '/moved', '/error', '/never'])
      expect([path, await probe(base + path)]).toEqual([path, null]);
    expect(await probe('http://127.0.0.1:1/tags')).toBeNull();
  });
});

describe('findLocalServers', () => {
  it('lists chat models of servers at their usual ports, named by what they say they are', async () => {
    const asked: string[] = [];
    const found = await findLocalServers((url) => {
      asked.push(url);
      if (!url.includes(':8000/')) return Promise.resolve(null);
      const data = [
        { id: 'Qwen/Qwen3-32B', owned_by: 'sglang', max_model_len: 32_768 },
        { id: 'bge-m3', owned_by: 'sglang' },
        { id: 'with space' },
        { id: 7 },
        null,
      ];
      return Promise.resolve({ data });
    });
    expect(asked).toEqual([8000, 30000, 8080, 1234].map((port) => `http://127.0.0.1:${port}/v1/models`));
    expect(found.map(({ id, provider }) => [id, provider])).toEqual([['Qwen/Qwen3-32B', 'SGLang']]);
    const config = parseConfig(yamlOf(found), null, { environment: {} });
    expect(config.models[0]).toMatchObject({ id: 'Qwen/Qwen3-32B', contextTokens: 32_768, price: { input: 0 } });
  });

  it.each<unknown>([null, 7, [], { data: 'x' }, { data: { id: 'x' } }])('finds nothing in %j', async (answer) => {
    expect(await findLocalServers(() => Promise.resolve(answer))).toEqual([]);
  });
});

describe('OLLAMA_HOST', () => {
  it.each([
    ['127.0.0.1:9999', 'http://127.0.0.1:9999'],
    ['0.0.0.0', 'http://127.0.0.1:11434'],
    ['http://gpu-box:11434', 'http://gpu-box:11434'],
    ['https://ollama.example', 'https://ollama.example'],
    ['not a host', 'http://127.0.0.1:11434'],
  ])('%s is asked at %s', async (said, origin) => {
    const asked: string[] = [];
    await findProviders({ OLLAMA_HOST: said }, (url) => Promise.resolve(void asked.push(url)), table);
    expect(asked).toEqual([`${origin}/api/tags`]);
  });
});
