import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, deflateRawSync, gzipSync } from 'node:zlib';
import { parquetWriteBuffer, type ColumnSource } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { collectDataset, type Dataset, type DatasetRow } from '../../../src/replay/datasets/dataset.ts';
import { openDataset, type OpenOptions, type Part } from '../../../src/replay/datasets/open-dataset.ts';
import { sharedData, temporaryFolder } from '../helpers.ts';

const root = temporaryFolder();
let made = 0;

type Files = Readonly<Record<string, string | Buffer>>;

/** A folder with these files, folders inside made as needed; names that end in `.gz` are packed. */
function folderOf(files: Files): string {
  const folder = join(root, `set-${++made}`);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipSync(content) : content);
  }
  return folder;
}

/** The only file of a folder that is made for it. */
const fileOf = (name: string, content: string | Buffer): string => join(folderOf({ [name]: content }), name);
const jsonLines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

async function read(path: string, part: Part = 'all', options: OpenOptions = {}): Promise<Dataset> {
  return collectDataset((await openDataset(path, part, options)).reader);
}

async function rowsOf(path: string, part: Part = 'all', options: OpenOptions = {}): Promise<readonly DatasetRow[]> {
  const rows: DatasetRow[] = [];
  for await (const batch of (await openDataset(path, part, options)).reader.rows()) rows.push(...batch);
  return rows;
}

const table = (dataset: Dataset) => ({
  models: dataset.models,
  ids: dataset.sampleIds,
  prompts: dataset.prompts,
  groups: dataset.groups,
  quality: [...dataset.quality],
  cost: dataset.costUsd === null ? null : [...dataset.costUsd],
});

const wideRows = [
  {
    sample_id: 'q.1',
    prompt: "['Is it?']",
    eval_name: 'chat',
    one: 1,
    two: 0.25,
    'one|total_cost': 0.002,
    'two|total_cost': 1e-5,
  },
  {
    sample_id: 'q.2',
    prompt: 'Ärger, "so"\n🙂',
    eval_name: 'math',
    one: 0,
    two: 1,
    'one|total_cost': 0.004,
    'two|total_cost': 0,
  },
];
const wideTable = {
  models: ['one', 'two'],
  ids: ['q.1', 'q.2'],
  prompts: ['Is it?', 'Ärger, "so"\n🙂'],
  groups: ['chat', 'math'],
  quality: [1, 0.25, 0, 1],
  cost: [0.002, 1e-5, 0.004, 0],
};

/** Rows as a Parquet file; records become JSON columns. */
function parquet(
  rows: readonly Readonly<Record<string, unknown>>[],
  codec: 'SNAPPY' | 'UNCOMPRESSED' = 'SNAPPY',
): Buffer {
  const columnData = Object.keys(rows[0] ?? {}).map((name): ColumnSource => {
    const data = rows.map((row) => row[name]);
    return data.some((value) => typeof value === 'object' && value !== null)
      ? { name, data, type: 'JSON' }
      : { name, data };
  });
  return Buffer.from(parquetWriteBuffer({ columnData, codec, rowGroupSize: 1 }));
}

/** A zip of one deflated file. */
function zipOf(content: string): Buffer {
  const packed = deflateRawSync(content);
  const local = Buffer.alloc(31);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(8, 8);
  local.writeUInt16LE(1, 26);
  local.write('x', 30);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  return Buffer.concat([local, packed, end]);
}

describe("RouterBench's wide layout", () => {
  const csv = [
    'sample_id,prompt,eval_name,one,two,one|total_cost,two|total_cost',
    `q.1,['Is it?'],chat,1,0.25,0.002,1e-05`,
    'q.2,"Ärger, ""so""\n🙂",math,0,1,0.004,0\n',
  ].join('\n');
  const files: readonly (readonly [string, string | Buffer])[] = [
    ['t.csv', csv],
    ['t.csv.gz', csv],
    ['t.csv.zip', zipOf(csv)],
    ['t.jsonl', jsonLines(wideRows)],
    ['t.jsonl.gz', jsonLines(wideRows)],
    ['t.json', JSON.stringify(wideRows, null, 2)],
    ['without-ending', jsonLines(wideRows)],
    ['t.parquet', parquet(wideRows)],
    ['u.parquet', parquet(wideRows, 'UNCOMPRESSED')],
  ];
  it.each(files)('is read from %s', async (name, content) => {
    expect(table(await read(fileOf(name, content)))).toEqual(wideTable);
  });

  it('names the row of a bad score in whatever it is written', async () => {
    const bad = [wideRows[0] ?? {}, { ...wideRows[1], two: null }];
    const problem = 'column "two": a score from 0 to 1 is needed, not ""';
    await expect(read(fileOf('t.jsonl', jsonLines(bad)))).rejects.toThrow(`t.jsonl, row 2, ${problem}`);
    await expect(read(fileOf('t.parquet', parquet(bad)))).rejects.toThrow(`t.parquet, row 2, ${problem}`);
    const text = [wideRows[0] ?? {}, { ...wideRows[1], two: 'good' }];
    await expect(read(fileOf('t.jsonl', jsonLines(text)))).rejects.toThrow('not "good"');
  });

  it('keeps what is unknown where that is wished', async () => {
    const gap = fileOf('t.jsonl', jsonLines([wideRows[0] ?? {}, { ...wideRows[1], two: null }]));
    const rows = await rowsOf(gap, 'all', { keepPartial: true });
    expect(rows.map((row) => row.quality)).toEqual([
      [1, 0.25],
      [0, Number.NaN],
    ]);
    await expect(
      openDataset(gap, 'all', { keepPartial: true }).then(({ reader }) => collectDataset(reader)),
    ).rejects.toThrow('its rows know only some models');
  });

  it('gives the answers where they are asked for', async () => {
    const rows = wideRows.map((row, i) => ({ ...row, 'one|model_response': `a${i}`, 'two|model_response': null }));
    const path = fileOf('t.jsonl', jsonLines(rows));
    expect((await rowsOf(path, 'all', { answers: true })).map((row) => row.answers)).toEqual([
      ['a0', null],
      ['a1', null],
    ]);
    expect((await rowsOf(path))[0]?.answers).toBeUndefined();
  });

  it('takes only the models that are named', async () => {
    const dataset = await read(fileOf('t.csv', csv), 'all', { models: ['two'] });
    expect(table(dataset)).toMatchObject({ models: ['two'], quality: [0.25, 1], cost: [1e-5, 0] });
    await expect(read(fileOf('t.csv', csv), 'all', { models: ['three'] })).rejects.toThrow(
      't.csv, column "three": it has no such model; it has one, two.',
    );
  });
});

describe('a broken file', () => {
  const json = jsonLines(wideRows);
  const broken: readonly (readonly [string, string, string | Buffer, string])[] = [
    ['JSON that stops', 't.jsonl', json.slice(0, -20), 't.jsonl, row 2: the file ends in the middle of an object.'],
    [
      'an array that stops',
      't.json',
      '[{"sample_id":"1","prompt":"p","m":1},',
      't.json, row 2: the file ends in the middle of its array.',
    ],
    ['JSON that is none', 't.jsonl', `${json}{"a":}\n`, 't.jsonl, row 3: it is not JSON'],
    ['JSON of something else', 't.json', '[1,2]', 't.json, row 1: an object was expected, not "1".'],
    ['text after the array', 't.json', '[{"sample_id":"1"}] x', 't.json, row 2: an object was expected, not "x".'],
    ['an empty array', 't.json', '[]', 't.json: it is empty.'],
    ['Parquet that stops', 't.parquet', parquet(wideRows).subarray(0, 60), 't.parquet: it cannot be read as Parquet'],
    ['gzip that stops', 't.raw', gzipSync(json).subarray(0, 60), 't.raw: it cannot be read'],
    ['unknown columns', 't.csv', 'a,b\n1,2\n', 't.csv, row 1: its columns are those of no known data set: a, b.'],
    ['an empty folder inside', 'x/notes.txt', '', 'the folder has none of'],
  ];
  it.each(broken)('with %s is refused', async (_, name, content, message) => {
    const folder = folderOf({ [name]: content });
    const reading = read(name.includes('/') ? folder : join(folder, name));
    await expect(reading).rejects.toMatchObject({ code: 'invalid_data' });
    await expect(reading).rejects.toThrow(message);
  });

  it('of several kinds in one folder is refused', async () => {
    const folder = folderOf({ 'a.csv': 'prompt,m\np,1\n', 'b.csv': 'x,y\n1,2\n' });
    await expect(read(folder)).rejects.toThrow(/b\.csv, row 1: it is not in the layout of its neighbours/);
  });
});

describe('JSON in pieces', () => {
  it('is cut where objects end, whatever stands in their strings and wherever a chunk ends', async () => {
    const nasty = ['}', '{"', '\\', '\\"', '"]', '\\\\"{', '𝒳'.repeat(400_000), '[', '.\u2028.'];
    const rows = nasty.map((prompt, i) => ({ sample_id: `${i}`, prompt, 'm|deep': { list: [[{}], '}'] }, m: 1 }));
    for (const text of [jsonLines(rows), JSON.stringify(rows), `\u{FEFF}${JSON.stringify(rows, null, 1)}\n\n`]) {
      const found = await rowsOf(fileOf('t.jsonl', text), 'all', { models: ['m'] });
      expect(found.map((row) => row.prompt)).toEqual(nasty);
    }
  });

  it('is cut right where backslashes meet the end of a chunk of 1 MB', async () => {
    for (const shift of [0, 1, 2]) {
      const prompts = ['a'.repeat(shift), '\\'.repeat((1 << 20) + shift), '"', '\\"'.repeat(400_000)].map(
        (each) => `.${each}`,
      );
      const rows = prompts.map((prompt, i) => ({ sample_id: `${i}`, prompt, m: 1 }));
      const found = await rowsOf(fileOf('t.jsonl', jsonLines(rows)), 'all', { models: ['m'] });
      expect(found.map((row) => row.prompt)).toEqual(prompts);
    }
  });

  it('is refused where an object does not end, before the file does', async () => {
    const row = '{"sample_id":"1","prompt":"p","m":1}\n';
    const endless = (megabytes: number): Buffer =>
      gzipSync(`{"sample_id":"2","prompt":"${' '.repeat(megabytes << 20)}`);
    // What follows is no gzip: it would be told instead, had anybody read so far.
    const broken = Buffer.alloc(1 << 16, 7);
    const path = join(folderOf({ 't.raw': Buffer.concat([gzipSync(row), endless(70), broken]) }), 't.raw');
    await expect(read(path)).rejects.toThrow('t.raw, row 2: an object of more than 64 MB');
  });
});

describe('what the file system refuses', () => {
  it('is bad data, in one line', async () => {
    const refused = read(join(folderOf({ x: '' }), 'x'.repeat(400)));
    await expect(refused).rejects.toMatchObject({ code: 'invalid_data' });
    await expect(refused).rejects.toThrow('it cannot be read: ENAMETOOLONG');
  });

  it.each([
    ['t.csv', 'sample_id,prompt,m\n1,p,1\n'],
    ['t.jsonl', '{"sample_id":"1","prompt":"p","m":1}\n'],
  ])('is told where %s is gone between opening and reading', async (name, content) => {
    const path = fileOf(name, content);
    const { reader } = await openDataset(path, 'all');
    rmSync(path);
    const reading = collectDataset(reader);
    await expect(reading).rejects.toMatchObject({ code: 'invalid_data' });
    await expect(reading).rejects.toThrow(/t\.(csv|jsonl)\b.*cannot be read: ENOENT/);
  });
});

describe('a file that is not what it is called', () => {
  it('is named as what it is', async () => {
    await expect(read(fileOf('t.parquet', 'sample_id,prompt,m\n1,p,1\n'))).rejects.toThrow(
      't.parquet: it is named .parquet, but is no Parquet file.',
    );
    const folder = folderOf({ 'notes.txt': '' });
    symlinkSync(join(folder, 'nowhere.csv'), join(folder, 'link.csv'));
    await expect(read(join(folder, 'link.csv'))).rejects.toThrow('it is a link to something that is not there');
    await expect(read(join(folder, 'none.csv'))).rejects.toThrow('there is no such file or folder');
  });
});

describe('a row for each query and model', () => {
  const raw = [
    'sample_id,prompt,eval_name,model_name,performance,total_cost',
    "q.1,['first'],chat,one,1,0.5",
    "q.1,['first'],chat,two,0,0.25",
    "q.2,['second'],math,two,0.5,0.25",
    "q.2,['second'],math,one,1,1\n",
  ].join('\n');

  it("is turned as RouterBench's raw form", async () => {
    expect(table(await read(fileOf('raw.csv', raw)))).toEqual({
      models: ['one', 'two'],
      ids: ['q.1', 'q.2'],
      prompts: ['first', 'second'],
      groups: ['chat', 'math'],
      quality: [1, 0, 1, 0.5],
      cost: [0.5, 0.25, 1, 0.25],
    });
  });

  it("is turned as EmbedLLM's", async () => {
    const text = [
      'prompt_id,model_id,category_id,label,model_name,prompt,category',
      '7,0,1,1,one,Question seven,mmlu',
      '7,1,1,0,two,Question seven,mmlu',
      '9,0,2,0,one,Question nine,gpqa\n',
    ].join('\n');
    const dataset = await read(fileOf('train.csv', text));
    expect(table(dataset)).toMatchObject({ ids: ['7'], groups: ['mmlu'], quality: [1, 0], cost: null });
    expect(dataset.warnings).toEqual(['train.csv: 1 of 2 rows do not know every model and are left out']);
    const one = await read(fileOf('train.csv', text), 'all', { models: ['one'] });
    expect(table(one)).toMatchObject({ ids: ['7', '9'], quality: [1, 0] });
  });

  it('may not say the same thing twice, nor too much', async () => {
    await expect(read(fileOf('raw.csv', raw.replace('math,one', 'math,two')))).rejects.toThrow(
      'raw.csv, row 5: "two" has an outcome for "q.2" already.',
    );
    await expect(read(fileOf('raw.csv', raw.replace('0.5,0.25', '5,0.25')))).rejects.toThrow(
      'raw.csv, row 4, column "performance": a score from 0 to 1 is needed, not "5".',
    );
    await expect(read(fileOf('raw.csv', raw.replace(',1,1\n', ',1,-1\n')))).rejects.toThrow(
      'raw.csv, row 5, column "total_cost": a cost in dollars is needed, not "-1".',
    );
  });
});

describe('SPROUT', () => {
  const cell = (score: number, input: number, output: number) => ({
    score,
    num_input_tokens: input,
    num_output_tokens: output,
    response: `said ${score}`,
    judge_response: '',
  });
  const rows = [
    {
      key: 'k1',
      dataset: 'math',
      dataset_level: '5',
      dataset_idx: 0,
      prompt: 'two and two',
      golden_answer: '4',
      'openai-gpt-4o': cell(1, 1000, 100),
      'openai-gpt-4o-mini': cell(0.5, 1000, 200),
    },
    {
      key: 'k2',
      dataset: 'rag',
      dataset_level: '',
      dataset_idx: 1,
      prompt: 'who',
      golden_answer: 'me',
      'openai-gpt-4o': cell(0, 2000, 10),
      'openai-gpt-4o-mini': cell(1, 2000, 20),
    },
  ];

  it('is priced by tokens', async () => {
    const dataset = await read(fileOf('data.parquet', parquet(rows)));
    expect(table(dataset)).toMatchObject({
      models: ['openai-gpt-4o', 'openai-gpt-4o-mini'],
      ids: ['k1', 'k2'],
      groups: ['math', 'rag'],
      quality: [1, 0.5, 0, 1],
    });
    const expected = [
      (1000 * 2.5 + 100 * 10) / 1e6,
      (1000 * 0.15 + 200 * 0.6) / 1e6,
      (2000 * 2.5 + 10 * 10) / 1e6,
      (2000 * 0.15 + 20 * 0.6) / 1e6,
    ];
    dataset.costUsd?.forEach((cost, i) => expect(cost).toBeCloseTo(expected[i] ?? -1, 12));
  });

  it('takes its parts from the names of its files, and prices from prices.json', async () => {
    const [first, second] = rows;
    const folder = folderOf({
      'data/train-00000-of-00001.parquet': parquet([first ?? {}]),
      'data/validation-00000-of-00001.parquet': parquet([{ ...first, key: 'k3' }]),
      'data/test-00000-of-00001.parquet': parquet([second ?? {}]),
    });
    expect((await read(folder, 'train')).sampleIds).toEqual(['k1', 'k3']);
    expect((await read(folder, 'test')).sampleIds).toEqual(['k2']);
    expect((await read(folder, 'all')).sampleIds).toEqual(['k2', 'k1', 'k3']);
    const priced = folderOf({
      'a.parquet': parquet([first ?? {}]),
      'prices.json': JSON.stringify({ models: { 'openai-gpt-4o': { input: 1, output: 0 } } }),
    });
    expect((await read(priced)).costUsd?.[0]).toBeCloseTo(0.001, 12);
  });

  it('has no cost where a model has no price', async () => {
    const { 'openai-gpt-4o': gpt, ...others } = rows[0] ?? {};
    const dataset = await read(fileOf('new.jsonl', jsonLines([{ ...others, 'new-model': gpt }])));
    expect(dataset.costUsd).toBeNull();
    expect(dataset.warnings).toEqual(['new.jsonl: "new-model" has no price, so there are no costs']);
  });

  it('counts tokens and tells answers', async () => {
    const [row] = await rowsOf(fileOf('data.jsonl', jsonLines(rows)), 'all', { answers: true });
    expect(row).toMatchObject({ tokens: { input: [1000, 1000], output: [100, 200] }, answers: ['said 1', 'said 0.5'] });
  });
});

describe('RouteLLM', () => {
  it('keeps MMLU as True and False, a file for each subject', async () => {
    const folder = folderOf({
      'mmlu_logic.csv': 'prompt,weak,strong\n"Is it, or not?\nAnswer:",True,False\nSecond,False,True\n',
      'mmlu_law.csv': 'prompt,weak,strong\nThird,True,True\n',
    });
    expect(table(await read(folder))).toEqual({
      models: ['weak', 'strong'],
      ids: ['mmlu_law.0', 'mmlu_logic.0', 'mmlu_logic.1'],
      prompts: ['Third', 'Is it, or not?\nAnswer:', 'Second'],
      groups: ['mmlu_law', 'mmlu_logic', 'mmlu_logic'],
      quality: [1, 1, 1, 0, 0, 1],
      cost: null,
    });
  });

  it('keeps GSM8K with answers', async () => {
    const path = fileOf(
      'gsm8k_responses.csv',
      'prompt,weak,strong,weak_response,strong_response\nSum?,True,False,4,five\n',
    );
    const [row] = await rowsOf(path, 'all', { answers: true });
    expect(row).toMatchObject({ quality: [1, 0], answers: ['4', 'five'] });
    expect((await openDataset(path, 'all')).reader.models).toEqual(['weak', 'strong']);
  });

  it('judges the weak answer from 1 to 5', async () => {
    const rows = [1, 3, 5].map((score) => ({
      prompt: `p${score}`,
      source: ['set'],
      gpt4_response: 'g',
      mixtral_response: 'm',
      mixtral_score: score,
    }));
    expect(table(await read(fileOf('train.jsonl', jsonLines(rows))))).toMatchObject({
      models: ['mixtral-8x7b-instruct-v0.1', 'gpt-4-1106-preview'],
      groups: ['set', 'set', 'set'],
      quality: [0, 1, 0.5, 1, 1, 1],
    });
    const bad = jsonLines([{ ...rows[0], mixtral_score: 6 }]);
    await expect(read(fileOf('train.jsonl', bad))).rejects.toThrow(
      'row 1, column "mixtral_score": a score from 1 to 5 is needed, not "6".',
    );
  });

  const arena = [
    'id,model_a,model_b,prompt,response_a,response_b,winner_model_a,winner_model_b,winner_tie',
    `1,gpt,claude,"[""hello"",""and now?""]",x,y,1,0,0`,
    `2,claude,llama,"['bye']",x,y,0,0,1`,
    `3,claude,gpt,third,x,y,0,1,0\n`,
  ].join('\n');

  it('keeps preferences: the winner has 1, the loser 0, of others nothing is known', async () => {
    const path = fileOf('arena.csv', arena);
    const rows = await rowsOf(path, 'all', { keepPartial: true });
    expect(rows.map((row) => row.quality)).toEqual([
      [1, 0, Number.NaN],
      [Number.NaN, 0.5, 0.5],
      [1, 0, Number.NaN],
    ]);
    expect(rows[0]?.prompt).toBe('hello\nand now?');
    const pair = await read(path, 'all', { models: ['claude', 'gpt'] });
    expect(table(pair)).toMatchObject({ ids: ['1', '3'], quality: [0, 1, 0, 1] });
    await expect(read(path)).rejects.toThrow('arena.csv: none of 3 rows knows all 3 models; name fewer models.');
  });

  it('reads preferences from Parquet, which has either kind of winner but not both', async () => {
    const flags = [
      { id: 1, model_a: 'a', model_b: 'b', prompt: 'p', winner_model_a: 0, winner_model_b: 1, winner_tie: 0 },
    ];
    const plain = [{ question_id: 'q', model_a: 'a', model_b: 'b', prompt: 'p', winner: 'model_b' }];
    for (const rows of [flags, plain]) {
      expect(table(await read(fileOf('t.parquet', parquet(rows))))).toMatchObject({ quality: [0, 1], cost: null });
    }
  });

  it('refuses preferences that nobody won', async () => {
    await expect(read(fileOf('arena.csv', arena.replace('1,0,0', '1,1,0')))).rejects.toThrow(
      'arena.csv, row 2, column "winner_model_a": it does not say who won',
    );
    const plain = jsonLines([{ idx: 0, prompt: 'p', model_a: 'a', model_b: 'b', winner: 'tie (bothbad)' }]);
    expect(table(await read(fileOf('pairs.json', plain)))).toMatchObject({ quality: [0.5, 0.5] });
  });
});

describe('RouterDC', () => {
  const list = (...scores: readonly (readonly [number, number])[]): string =>
    JSON.stringify(
      scores.map(([a, b], i) => ({
        question: `question ${i}\n{"x"}`,
        scores: { 'org/a': a, 'org/b': b },
        cluster_id: 3,
      })),
    );
  const folder = (): string =>
    folderOf({
      'arc_train.json': list([0, 1], [0.6, 0]),
      'arc_test.json': list([1, 1]),
      'gsm8k-test.json': list([0.1, 0.2]),
      'mbpp.json': list([0, 0]),
    });

  it('keeps scores by model, a file for each task and split', async () => {
    const path = folder();
    expect(table(await read(path, 'train'))).toEqual({
      models: ['org/a', 'org/b'],
      ids: ['arc_train.0', 'arc_train.1'],
      prompts: ['question 0\n{"x"}', 'question 1\n{"x"}'],
      groups: ['arc', 'arc'],
      quality: [0, 1, 0.6, 0],
      cost: null,
    });
    expect((await read(path, 'test')).sampleIds).toEqual(['arc_test.0', 'gsm8k-test.0']);
    expect((await read(path, 'all')).groups).toEqual(['arc', 'arc', 'arc', 'gsm8k', 'mbpp']);
  });

  it('names the score that is none', async () => {
    const bad = '[{"question":"q","scores":{"a":1,"b":"high"}}]';
    await expect(read(fileOf('x.json', bad))).rejects.toThrow(
      'x.json, row 1, column "b": a score from 0 to 1 is needed, not "high".',
    );
    await expect(read(fileOf('x.json', '[{"question":"q","scores":[]}]'))).rejects.toThrow(
      'column "scores": there is no score',
    );
  });
});

describe('files for each model', () => {
  const arena = (model: string, index: string, score: number | null, cost: number) => ({
    global_index: index,
    question: `ask ${index}`,
    llm_selected: model,
    generated_answer: `${model} says`,
    token_usage: { input_tokens: 10, output_tokens: 20, total_tokens: 30 },
    success: score !== null,
    evaluation_result:
      score === null ? null : { extracted_answer: 'x', ground_truth: 'y', score, metric: 'mcq', inference_cost: cost },
  });

  it("are joined as RouterArena's, and nothing may be fitted on them", async () => {
    const folder = folderOf({
      'small.jsonl': jsonLines([
        arena('small', 'AIME_1', 0, 0.1),
        arena('small', 'Arc_MMLU_7', 1, 0.2),
        arena('small', 'AIME_2', null, 0),
      ]),
      'large.jsonl': jsonLines([
        arena('large', 'Arc_MMLU_7', 1, 2),
        arena('large', 'AIME_1', 0.5, 1),
        arena('large', 'AIME_2', 1, 3),
      ]),
    });
    const dataset = await read(folder);
    expect(table(dataset)).toEqual({
      models: ['large', 'small'],
      ids: ['Arc_MMLU_7', 'AIME_1'],
      prompts: ['ask Arc_MMLU_7', 'ask AIME_1'],
      groups: ['Arc_MMLU', 'AIME'],
      quality: [1, 1, 0.5, 0],
      cost: [2, 0.2, 1, 0.1],
    });
    expect(dataset.sources[0]?.use).toBe('evaluation-only');
    expect(dataset.warnings.join()).toContain('1 of 3 rows do not know every model');
  });

  it("are joined as LLMRouterBench's, the later run of a model counting", async () => {
    const file = (scores: readonly number[]): string =>
      JSON.stringify({
        performance: 0.5,
        counts: scores.length,
        records: scores.map((score, i) => ({
          index: i + 1,
          origin_query: `o${i}`,
          prompt: `Question ${i}`,
          prediction: '4',
          ground_truth: '4',
          score,
          prompt_tokens: 15,
          completion_tokens: 5,
          cost: 0.001 * (i + 1),
          raw_output: 'four',
        })),
      });
    const folder = folderOf({
      'bench/aime/test/small/20250101.json': file([1, 1]),
      'bench/aime/test/small/20250202.json': file([0, 1]),
      'bench/aime/test/large/20250101.json': file([1, 1]),
      'bench/math/test/small/20250101.json': file([1]),
      'bench/math/test/large/20250101.json': file([0]),
    });
    for (const path of [folder, join(folder, 'bench')]) {
      expect(table(await read(path))).toMatchObject({
        models: ['large', 'small'],
        ids: ['aime.test.1', 'aime.test.2', 'math.test.1'],
        prompts: ['Question 0', 'Question 1', 'Question 0'],
        groups: ['aime', 'aime', 'math'],
        quality: [1, 0, 1, 1, 0, 1],
        cost: [0.001, 0.001, 0.002, 0.002, 0.001, 0.001],
      });
    }
  });
});

describe('the same rows', () => {
  const folder = sharedData('routerbench_0shot_1pct');
  it.skipIf(folder === null)('come out of CSV, JSON Lines and Parquet alike', async () => {
    const original = await read(folder ?? '');
    const rows = original.sampleIds.map((id, i) => ({
      sample_id: id,
      prompt: original.prompts[i] ?? '',
      eval_name: original.groups[i] ?? '',
      ...Object.fromEntries(
        original.models.map((model, m) => [model, original.quality[i * original.models.length + m] ?? 0]),
      ),
      ...Object.fromEntries(
        original.models.map((model, m) => [
          `${model}|total_cost`,
          original.costUsd?.[i * original.models.length + m] ?? 0,
        ]),
      ),
    }));
    for (const path of [fileOf('a.jsonl.gz', jsonLines(rows)), fileOf('a.parquet', parquet(rows))]) {
      expect(table(await read(path))).toEqual(table(original));
    }
  });
});

describe('packed Parquet pages', () => {
  it.each([
    ['GZIP', gzipSync],
    ['BROTLI', brotliCompressSync],
  ] as const)('are unpacked from %s', async (codec, pack) => {
    const columnData = Object.keys(wideRows[0] ?? {}).map((name) => ({
      name,
      data: wideRows.map((row) => Object.entries(row).find(([key]) => key === name)?.[1]),
    }));
    const bytes = parquetWriteBuffer({ columnData, codec, compressors: { [codec]: (page: Uint8Array) => pack(page) } });
    expect(table(await read(fileOf('t.parquet', Buffer.from(bytes))))).toEqual(wideTable);
  });
});
