import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Node, Pair } from 'yaml';
import { PointsmanError, messageOf } from '../core/errors.ts';
import type { Locate, Path } from './problems.ts';

/** A YAML text and the way back from a path in its value to line and column. The only file that imports `yaml`. */
export interface YamlSource {
  /** Plain JSON; null for an empty file. Anchors are resolved, `<<` merges. */
  readonly value: unknown;
  readonly locate: Locate;
}

/** Bounds what anchors may unfold to (the "billion laughs" attack). */
const maxAliasCount = 200;

/** Throws `invalid_config` listing every syntax error with its line and column. */
export function readYaml(text: string, file: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true, uniqueKeys: true });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw syntaxError(document, text, place);
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount });
  } catch (cause) {
    throw new PointsmanError('invalid_config', `${file}: ${messageOf(cause)}.`, { cause });
  }
  return {
    value,
    locate: (path, atKey = false) => {
      const offset = offsetOf(document, path, atKey);
      return offset === null ? file : place(offset);
    },
  };
}

/** The first few: one slip of the pen makes the parser stumble over everything after it. */
function syntaxError(document: Document.Parsed, text: string, place: (offset: number) => string): PointsmanError {
  const told = document.errors.slice(0, 3).map((error) => {
    const line = text.slice(0, error.pos[0]).split('\n').length;
    const unquoted = /[{[,][^"']*\$\{/.test(text.split('\n')[line - 1] ?? '');
    const hint = unquoted ? ' Inside { } and [ ] a ${NAME} stands in quotes: "${NAME}".' : '';
    return `${place(error.pos[0])} ${mend(error.code, error.message)}${hint}`;
  });
  const rest = document.errors.length - told.length;
  if (rest > 0) told.push(`(and ${rest} more that may follow from these)`);
  return new PointsmanError('invalid_config', told.join('\n'));
}

function mend(code: string, message: string): string {
  const text = message.replace(/\.?$/, '.');
  if (code === 'TAB_AS_INDENT') return `${text} Indent with spaces.`;
  if (code === 'DUPLICATE_KEY') return `${text} The same key stands twice in one place; remove one of the two.`;
  if (code === 'MULTIPLE_DOCS') return 'The file holds more than one YAML document; keep one.';
  return text;
}

/** The node at the path, or else its nearest ancestor that is written in the file. */
function offsetOf(document: Document.Parsed, path: Path, atKey: boolean): number | null {
  let node: Node | null = document.contents;
  let offset = start(node);
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document) ?? null;
    if (isMap(node)) {
      const pair = pairOf(node.items, String(step));
      if (pair === undefined) return offset;
      const keyWanted = atKey && depth === path.length - 1;
      const next = isNode(pair.value) ? pair.value : null;
      offset = (keyWanted ? null : start(next)) ?? (isNode(pair.key) ? start(pair.key) : null) ?? offset;
      node = next;
    } else if (isSeq(node) && typeof step === 'number') {
      const item: unknown = node.items[step];
      if (!isNode(item)) return offset;
      offset = start(item) ?? offset;
      node = item;
    } else return offset;
  }
  return offset;
}

function pairOf(items: readonly Pair[], key: string): Pair | undefined {
  return items.find((pair) => (isScalar(pair.key) ? String(pair.key.value) : String(pair.key)) === key);
}

function start(node: Node | null): number | null {
  return node?.range?.[0] ?? null;
}
