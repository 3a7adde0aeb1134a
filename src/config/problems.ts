import { PointsmanError } from '../core/errors.ts';

/** Steps from the root of the YAML: `['models', 2, 'price', 'input']`. */
export type Path = readonly (string | number)[];

/** One thing that is wrong, or that deserves a warning. `message` is lower case, without a full stop. */
export interface Problem {
  readonly path: Path;
  readonly message: string;
  /** Point at the key rather than at its value. */
  readonly atKey?: boolean;
}

/** Says where a path stands, e.g. `pointsman.yaml:12:7`. */
export type Locate = (path: Path, atKey?: boolean) => string;

const plainKey = /^[A-Za-z_][\w-]*$/;

/** `models[2].price.input`; keys that are not plain words are quoted: `aliases["gpt-4o*"]`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (plainKey.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text === '' ? '(root)' : text;
}

export function formatProblem(problem: Problem, locate: Locate): string {
  return `${locate(problem.path, problem.atKey)} ${formatPath(problem.path)}: ${problem.message.replace(/[.?]?$/, (end) => (end === '' ? '.' : end))}`;
}

/** All problems in one `invalid_config`, in the order of the file. `param` is the first path. */
export function invalidConfig(problems: readonly Problem[], locate: Locate): PointsmanError {
  const lines = problems.map((problem) => formatProblem(problem, locate));
  const first = problems[0];
  const message =
    lines.length === 1 ? (lines[0] ?? '') : `${lines.length} problems in the configuration:\n  ${lines.join('\n  ')}`;
  return new PointsmanError('invalid_config', message, {
    param: first === undefined ? undefined : formatPath(first.path),
  });
}
