import { property, type FoundModel, type Probe } from './found.ts';

/** Servers that speak OpenAI's wire, where they listen unless told otherwise. */
const usual = [
  { name: 'vLLM', port: 8000 },
  { name: 'SGLang', port: 30000 },
  { name: 'llama.cpp', port: 8080 },
  { name: 'LM Studio', port: 1234 },
] as const;

/** What a server says of its kind in `owned_by`, where it does. */
const owners: Readonly<Record<string, string>> = { vllm: 'vLLM', sglang: 'SGLang', llamacpp: 'llama.cpp' };

/** Models of servers on this machine at their usual ports. Lists models; never sends a prompt. */
export async function findLocalServers(probe: Probe): Promise<FoundModel[]> {
  const found = await Promise.all(
    usual.map(async ({ name, port }) => {
      const baseUrl = `http://127.0.0.1:${port}/v1`;
      return readModels(await probe(`${baseUrl}/models`), name, baseUrl);
    }),
  );
  return found.flat();
}

function readModels(answer: unknown, name: string, baseUrl: string): FoundModel[] {
  const data = property(answer, 'data');
  if (!Array.isArray(data)) return [];
  return data.flatMap((entry: unknown): FoundModel[] => {
    const id = property(entry, 'id');
    if (typeof id !== 'string' || !/^\S+$/.test(id) || /embed|bge-|minilm/i.test(id)) return [];
    const owner = property(entry, 'owned_by');
    const context = property(entry, 'max_model_len');
    const provider = (typeof owner === 'string' ? owners[owner] : undefined) ?? name;
    return [{ id, provider, local: true, blendedUsd: 0, yaml: localYaml(id, baseUrl, context) }];
  });
}

function localYaml(id: string, baseUrl: string, context: unknown): string {
  const told = typeof context === 'number' && Number.isInteger(context) && context > 0;
  return `  - id: ${JSON.stringify(id)}
    base_url: ${baseUrl}
${told ? `    context_tokens: ${context}\n` : ''}    price: { input: 0, output: 0 } # your own hardware: write what it costs you
`;
}
