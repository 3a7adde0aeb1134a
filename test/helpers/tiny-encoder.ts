import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A sentence encoder that a test can write: a table with one row a token, looked up by one ONNX node. Words are letters of its
 * vocabulary; what it says of a text is the mean of the rows of its words, so every vector can be worked out by hand.
 */
export const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'cat', 'dog', 'tree'];
export const width = 4;

/** [token] -> [width]: PAD, UNK, CLS, SEP and MASK are zero. */
export const table: readonly (readonly number[])[] = [
  ...Array.from({ length: 5 }, () => [0, 0, 0, 0]),
  [1, 0, 0, 0],
  [0, 2, 0, 0],
  [0, 0, 3, 4],
];

const special = {
  unk_token: '[UNK]',
  sep_token: '[SEP]',
  pad_token: '[PAD]',
  cls_token: '[CLS]',
  mask_token: '[MASK]',
};

/** Writes the folder as @xenova/transformers reads it. */
export function writeTinyEncoder(folder: string, model: Uint8Array = onnxModel()): string {
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  const json = (file: string, content: object): void => writeFileSync(join(folder, file), JSON.stringify(content));
  json('config.json', { model_type: 'bert', hidden_size: width });
  json('tokenizer_config.json', {
    tokenizer_class: 'BertTokenizer',
    model_max_length: 512,
    do_lower_case: true,
    ...special,
  });
  json('tokenizer.json', {
    version: '1.0',
    added_tokens: vocabulary.slice(0, 5).map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: { id: '[CLS]', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '[SEP]', type_id: 0 } },
      ],
      pair: [],
      special_tokens: {
        '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
        '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
      },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary.map((word, id) => [word, id])),
    },
  });
  writeFileSync(join(folder, 'onnx', 'model_quantized.onnx'), model);
  return folder;
}

/** ModelProto, in protobuf's wire format: only the fields that are needed (onnx.proto3, IR 8, opset 13). */
function onnxModel(): Buffer {
  const elements = { float: 1, int64: 7 };
  const valueInfo = (name: string, type: number, dims: readonly (string | number)[]): Buffer => {
    const shape = dims.map((dim) => message(1, typeof dim === 'string' ? text(2, dim) : number(1, dim)));
    return Buffer.concat([
      text(1, name),
      message(2, message(1, Buffer.concat([number(1, type), message(2, Buffer.concat(shape))]))),
    ]);
  };
  const floats = Buffer.from(Float32Array.from(table.flat()).buffer);
  const tensor = Buffer.concat([
    number(1, vocabulary.length),
    number(1, width),
    number(2, elements.float),
    text(8, 'table'),
    message(9, floats),
  ]);
  const node = Buffer.concat([text(1, 'table'), text(1, 'input_ids'), text(2, 'last_hidden_state'), text(4, 'Gather')]);
  const graph = Buffer.concat([
    message(1, node),
    text(2, 'tiny'),
    message(5, tensor),
    message(11, valueInfo('input_ids', elements.int64, ['batch', 'tokens'])),
    message(11, valueInfo('attention_mask', elements.int64, ['batch', 'tokens'])),
    message(12, valueInfo('last_hidden_state', elements.float, ['batch', 'tokens', width])),
  ]);
  return Buffer.concat([number(1, 8), message(7, graph), message(8, Buffer.concat([text(1, ''), number(2, 13)]))]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}
const number = (field: number, value: number): Buffer => Buffer.concat([varint(field * 8), varint(value)]);
const message = (field: number, content: Uint8Array): Buffer =>
  Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
const text = (field: number, value: string): Buffer => message(field, Buffer.from(value));
