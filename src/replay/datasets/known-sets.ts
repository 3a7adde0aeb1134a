import type { DatasetUse } from './dataset.ts';

/** What is known of a data set that others publish. Nothing of it is bundled; whoever fetches it settles its licence. */
export interface KnownSet {
  readonly name: string;
  readonly summary: string;
  readonly paper: string;
  /** Where to look for it; `fetch` takes the address of one file from there. */
  readonly home: string;
  /** As its owner states it; null: none stated. */
  readonly licence: string | null;
  readonly use: DatasetUse;
  readonly rows: string;
  readonly models: string;
  readonly cost: string;
  /** What to give to `import` and `replay`. */
  readonly read: string;
  /** Files whose sums are known. */
  readonly files: readonly { readonly file: string; readonly bytes: number | null; readonly sha256: string }[];
}

export const knownSets: readonly KnownSet[] = [
  {
    name: 'routerbench',
    summary: '11 models of 2023 on MMLU, HellaSwag, GSM8K, ARC, Winogrande, MBPP, MT-Bench and RAG',
    paper: 'arXiv 2403.12031',
    home: 'https://huggingface.co/datasets/withmartian/routerbench',
    licence: null,
    use: 'research',
    rows: '36,497 (0-shot), 401,467 outcomes (raw, 5-shot)',
    models: '11',
    cost: 'US dollars per call',
    read: 'routerbench_0shot.pkl, routerbench_5shot.pkl or routerbench_raw.pkl as they are',
    files: [
      {
        file: 'routerbench_0shot.pkl',
        bytes: 99_567_659,
        sha256: 'ba4f77f19517610a707c374e99322d7750c30fc4ae7ff5527888595a1e65d36d',
      },
      {
        file: 'routerbench_5shot.pkl',
        bytes: null,
        sha256: 'fbd7d3d16fba2759a18fa0ad44409d3e0e92ba80d03d90827eed1a6d084c9ffe',
      },
    ],
  },
  {
    name: 'sprout',
    summary: '13 models of 2024 on MMLU-Pro, MATH, RAGBench, OpenHermes, judged; token counts',
    paper: 'CARROT, arXiv 2502.03261',
    home: 'https://huggingface.co/datasets/CARROT-LLM-Routing/SPROUT',
    licence: null,
    use: 'research',
    rows: 'about 44,000',
    models: '13',
    cost: "tokens; priced by prices.json beside the files, else by CARROT's own price list",
    read: 'the folder of train-*.parquet, validation-*.parquet, test-*.parquet',
    files: [],
  },
  {
    name: 'routellm',
    summary: 'GPT-4 and Mixtral-8x7B right or wrong on MMLU and GSM8K; judged answers; Arena preferences',
    paper: 'arXiv 2406.18665',
    home: 'https://github.com/lm-sys/RouteLLM (routellm/evals), https://huggingface.co/routellm',
    licence: 'Apache-2.0 (repository)',
    use: 'bundle',
    rows: '14,042 MMLU, 1,319 GSM8K; 119,101 judged; 57,477 preferences',
    models: '2 (preferences: 64)',
    cost: 'none',
    read: 'a folder of MMLU response files, gsm8k_responses.csv, the judged Parquet or JSON files, or the Arena CSV with --models A,B',
    files: [],
  },
  {
    name: 'routerdc',
    summary: 'seven open 7B-8B models on MMLU, CMMLU, GSM8K, ARC, HumanEval, MBPP, C-Eval',
    paper: 'arXiv 2409.19886',
    home: 'https://github.com/shuhao02/RouterDC (datasets/split2_model7)',
    licence: null,
    use: 'research',
    rows: '20,600',
    models: '7',
    cost: 'none',
    read: 'the folder split2_model7, or one of its JSON files',
    files: [],
  },
  {
    name: 'routerarena',
    summary: 'answers of single models to the queries of RouterArena, graded, a file for each model',
    paper: 'arXiv 2510.00202',
    home: 'https://github.com/RouteWorks/RouterArena (cached_results)',
    licence: 'Apache-2.0',
    use: 'evaluation-only',
    rows: '809 to 8,400 a model',
    models: '10 and more',
    cost: 'US dollars per call',
    read: 'the folder cached_results, with --models for those that answered the same queries',
    files: [],
  },
  {
    name: 'llmrouterbench',
    summary: '33 models of 2025 on 25 tasks, a file for each model and task',
    paper: 'arXiv 2601.07206',
    home: 'https://huggingface.co/datasets/NPULH/LLMRouterBench',
    licence: 'MIT (badge of the repository)',
    use: 'research',
    rows: 'about 24,000',
    models: '20 of about 8B, 13 of the largest',
    cost: 'US dollars per call (0: run locally)',
    read: 'the unpacked folder results/bench, or a task of it',
    files: [],
  },
  {
    name: 'routereval',
    summary: 'right or wrong of up to 1,000 open models on 12 tasks',
    paper: 'arXiv 2503.10657',
    home: 'https://huggingface.co/datasets/linggm/RouterEval',
    licence: null,
    use: 'research',
    rows: 'by task',
    models: '3, 5, 10, 100 or 1,000',
    cost: 'none',
    read: 'router_dataset/<task>_router_dataset.pkl with --pool easy/5/strong_to_weak',
    files: [],
  },
  {
    name: 'embedllm',
    summary: 'right or wrong of 112 open models on 10 tasks',
    paper: 'arXiv 2410.02223',
    home: 'https://huggingface.co/datasets/RZ412/EmbedLLM',
    licence: 'Apache-2.0',
    use: 'research',
    rows: '35,673',
    models: '112',
    cost: 'none',
    read: 'train.csv, val.csv or test.csv as they are',
    files: [],
  },
  {
    name: 'pointsman',
    summary: "your gateway's own log: what was asked, how likely each model was, what came of it",
    paper: '-',
    home: 'storage.path of your YAML',
    licence: 'yours',
    use: 'research',
    rows: 'requests with a reward',
    models: 'those of your routes',
    cost: 'US dollars per call',
    read: 'the SQLite file, with --keep-partial; prompts are in it only where the gateway keeps text',
    files: [],
  },
];
