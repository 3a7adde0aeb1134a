/** Writes docs/backends.md from the presets and the backends' options; with --check it only says whether it is current. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { backendDefinitions } from '../src/backends/index.ts';
import { checkedOn, presets, type Preset, type Quirk } from '../src/config/presets.ts';

export const backendsFile = fileURLToPath(new URL('../docs/backends.md', import.meta.url));

/** YAML of a model with this preset, ready to be tried. */
export function exampleOf(name: string, { exampleUrl, keyVariable, backend }: Preset): string {
  return [
    '  - id: my-model',
    `    preset: ${name}`,
    ...(exampleUrl === undefined ? [] : [`    base_url: ${exampleUrl}`]),
    ...(keyVariable === null ? [] : [`    api_key: \${${keyVariable}}`]),
    '    upstream_model: name-of-the-model-there',
    ...(backend === 'ollama' ? ['    options: { num_ctx: 8192 }'] : []),
    '    price: { input: 0.2, output: 0.6 }',
  ].join('\n');
}

/** The page, as Markdown. */
export function renderBackends(): string {
  const entries = Object.entries<Preset>(presets);
  return [
    '# Backends and presets',
    '',
    '<!-- Generated from src/config/presets.ts by `npx tsx scripts/docs-backends.ts`. Do not edit. -->',
    '',
    'A backend is a wire dialect; a preset is what is known of one server or provider that speaks it: where it answers,',
    'where its key goes, and what it does otherwise than OpenAI. `preset: NAME` on a model or a target fills `backend`,',
    '`base_url` and `options`; what you write yourself goes first, option by option. Anything else that speaks OpenAI',
    'needs no preset: write its `base_url`.',
    '',
    'Each quirk is held by a test that serves a fixture (`test/fixtures/presets/`); none was recorded from a live server.',
    `Behind each stands how it is known: \`documentation\` is what the provider's pages or its own client's source say,`,
    '`issue` what somebody reports of it in a thread or keeps in the source of another client (the link leads there;',
    `both were read on ${checkedOn}, in stored copies that may be older).`,
    '',
    '| preset | for | address | key | endpoints | options |',
    '|---|---|---|---|---|---|',
    ...entries.map(
      ([name, { title, baseUrl, exampleUrl, keyVariable, endpoints, options }]) =>
        `| [\`${name}\`](#${name.replaceAll('.', '')}) | ${title} | \`${baseUrl ?? exampleUrl}\` | ${keyVariable === null ? '-' : `\`${keyVariable}\``} | ${endpoints.join(', ')} | ${optionsText(options)} |`,
    ),
    '',
    'A `local_only` request goes to those of them whose address is on your own network.',
    '',
    ...entries.flatMap(([name, preset]) => [
      `### ${name}`,
      '',
      ...preset.quirks.map(quirkText),
      '',
      '```yaml',
      'models:',
      exampleOf(name, preset),
      '```',
      '',
    ]),
    '## Backends',
    '',
    ...Object.entries(backendDefinitions).map(([name, { summary }]) => `- \`${name}\`: ${summary}`),
    '',
    'Options of `openai-compatible`:',
    '',
    '| option | meaning |',
    '|---|---|',
    '| `stream_usage: false` | it refuses `stream_options`: never sent, and taken out of what clients send |',
    '| `auth: api-key` | the key goes into the header `api-key` instead of `Authorization: Bearer` |',
    '| `max_tokens_field: max_tokens` | the only name under which it knows the limit of an answer; the other is renamed |',
    '| `reasoning_with_tools: true` | it refuses a turn with tool calls that tells no thoughts: an empty `reasoning_field` is put there |',
    "| `reasoning_field: reasoning` | the name under which it takes an assistant's earlier thoughts; the other is renamed. `none`: it refuses them, and they are taken out |",
    '',
    'Options of `ollama`:',
    '',
    '| option | meaning |',
    '|---|---|',
    '| `num_ctx: 8192` | context in tokens, sent with every call. Needed, or `context_tokens` on the model. Longer prompts go to another model or are refused |',
    '| `keep_alive: 10m` | how long the model stays loaded |',
    '| `least_prompt_share: 0.5` | a `prompt_eval_count` below this share of our own estimate (from 256 tokens on, pictures left out) means that Ollama cut the prompt: the answer is thrown away and another model is asked, or, once a stream has begun, it ends in an error. 0 never looks |',
    '',
    "Through Ollama go chat (streamed or not, tools, base64 images, JSON schemas, `reasoning_effort`) and embeddings, not text completions. What its API has no place for is named in the answer's `x-pointsman-dropped`.",
    '',
  ].join('\n');
}

function quirkText({ what, checked, source, fixture }: Quirk): string {
  const known = `[${checked}](${source})`;
  return `- ${what} (${known}, \`${fixture}\`)`;
}

function optionsText(options: Readonly<Record<string, unknown>>): string {
  const each = Object.entries(options).map(([name, value]) => `\`${name}: ${String(value)}\``);
  return each.length === 0 ? '-' : each.join(', ');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!process.argv.includes('--check')) writeFileSync(backendsFile, renderBackends());
  else if (readFileSync(backendsFile, 'utf8') !== renderBackends()) process.exitCode = 1;
}
