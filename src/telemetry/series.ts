/**
 * Counters and histograms that cost an addition on the hot path, written in the Prometheus text format at a scrape.
 * A child is found once by its label values; who holds it pays no lookup.
 */

/** Children beyond this are one child whose labels all say `other`: no flood of names can eat the memory. */
const mostChildren = 2_000;

export class Counter {
  value = 0;

  add(amount: number): void {
    this.value += amount;
  }
}

export class Histogram {
  /** Per bucket, not cumulative; the last one is `+Inf`. */
  readonly counts: Float64Array;
  readonly #bounds: readonly number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? 0)) bucket++;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += value;
  }
}

/** One metric name; its children differ in their label values. */
export class Family<Child> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly #create: () => Child;
  readonly #children = new Map<string, { readonly labels: readonly string[]; readonly child: Child }>();

  constructor(name: string, help: string, labels: readonly string[], create: () => Child) {
    this.name = name;
    this.help = help;
    this.labels = labels;
    this.#create = create;
  }

  /** The child of these label values, in the order of the label names. */
  child(...values: readonly string[]): Child {
    const key = values.length === 1 ? (values[0] ?? '') : values.join('\0');
    const known = this.#children.get(key);
    if (known !== undefined) return known.child;
    if (this.#children.size >= mostChildren) {
      const others = this.labels.map(() => 'other');
      if (others.join('\0') !== key && !values.every((value) => value === 'other')) return this.child(...others);
    }
    const child = this.#create();
    this.#children.set(key, { labels: values, child });
    return child;
  }

  /** Each child with its labels as text: `route="auto",status="200"`. */
  *entries(): Generator<readonly [labels: string, child: Child]> {
    for (const { labels, child } of this.#children.values()) yield [labelText(this.labels, labels), child];
  }
}

export function counterText(family: Family<Counter>): string {
  let text = headText(family.name, family.help, 'counter');
  for (const [labels, child] of family.entries()) text += sampleText(family.name, labels, child.value);
  return text;
}

export function histogramText(family: Family<Histogram>, bounds: readonly number[]): string {
  let text = headText(family.name, family.help, 'histogram');
  for (const [labels, { counts, sum }] of family.entries()) {
    let total = 0;
    counts.forEach((count, bucket) => {
      total += count;
      const bound = `le="${bounds[bucket] ?? '+Inf'}"`;
      text += sampleText(`${family.name}_bucket`, labels === '' ? bound : `${labels},${bound}`, total);
    });
    text += sampleText(`${family.name}_sum`, labels, sum) + sampleText(`${family.name}_count`, labels, total);
  }
  return text;
}

export const headText = (name: string, help: string, type: string): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;

export const sampleText = (name: string, labels: string, value: number): string =>
  `${name}${labels === '' ? '' : `{${labels}}`} ${value}\n`;

export const labelText = (names: readonly string[], values: readonly string[]): string =>
  names.map((name, i) => `${name}="${escapeLabel(values[i] ?? '')}"`).join(',');

const escapeLabel = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
