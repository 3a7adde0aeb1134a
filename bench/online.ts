/**
 * Online learning on a real stream: `npx tsx bench/online.ts [--write] [DATA] [SEEDS] [GROUP ...]`; data default
 * ../shared/data/routerbench, groups standing, labels, budget, drift and faults. Medians over seeds, quartiles in
 * brackets. Requests are rows of the test part in random order, repeated; a warm start is trained on the train part;
 * both know what models cost. Normalised utility: 0 is choosing at random, 1 is the same estimator trained on all
 * outcomes but the row's own, cross-fitted. `--write` puts the table of each group into docs/bandits.md as it ends.
 */
import { cpus } from 'node:os';
import { createHashingEmbedder } from '../src/embedding/hashing.ts';
import { loadCatalogue } from '../src/routing/catalogue.ts';
import { loadSplits } from '../src/replay/load-splits.ts';
import { createOnlineBed, type Named } from '../src/replay/online/bed.ts';
import {
  bestFixed,
  firstShare,
  meanOver,
  normalisedUtility,
  pulls,
  shareOf,
  spending,
  worstSpending,
} from '../src/replay/online/measures.ts';
import { createOnlineLab, type OnlineSpec } from '../src/replay/online/online-run.ts';
import { everyLabel, type Scenario, type WorldEvent } from '../src/replay/online/scenario.ts';
import type { Course } from '../src/replay/online/stream.ts';
import { lineOf, tablesOf, type Bar, type Measured } from './online-table.ts';
import { provenance, writeBetween } from './write-table.ts';

const given = process.argv.slice(2);
const write = given.includes('--write');
const [path = '../shared/data/routerbench', seedText = '20', ...groups] = given.filter((word) => word !== '--write');
const seeds = Number(seedText);
const steps = 20_000;
const everyGroup = 'GROUP';
/** Of the code as it is now: a run takes longer than a commit. */
const ran = provenance(`npx tsx bench/online.ts ${path} ${seeds} ${everyGroup}`);
const half = steps / 2;
const nothing = (): void => undefined;

const splits = await loadSplits(path, path, '0', nothing);
const bed = await createOnlineBed(splits.train, splits.test, {
  catalogue: await loadCatalogue(),
  embedder: createHashingEmbedder({ dimensions: 512 }),
  onProgress: nothing,
});
const { models } = bed.stream.dataset;
const lab = createOnlineLab(bed, 'bench');
const print = (line: string): void => void process.stdout.write(`${line}\n`);
print(
  `${cpus()[0]?.model}, Node ${process.version}; ${splits.how}; ${models.length} models, ${seeds} seeds, ${steps} steps`,
);

const scenario = (over: Partial<Scenario> = {}): Scenario => ({
  steps,
  order: 'random',
  feedback: everyLabel,
  events: [],
  ...over,
});
const linear: Named = { name: 'linear-bayes' };
const forgetful: Named = { name: 'linear-bayes', options: { discount: 0.99 } };
const linucb: Named = { name: 'linucb' };
const linearThompson: Named = { name: 'linear-thompson' };
const spec = (over: Partial<OnlineSpec>): OnlineSpec => ({
  policy: linucb,
  estimator: linear,
  start: 'warm',
  scenario: scenario(),
  lambda: 100,
  epsilon: 0,
  seeds,
  ...over,
});
type Figures = Readonly<Record<string, number>>;
let measured: Measured[] = [];

/** Runs and prints one line: the median and quartiles of each figure. */
function measure(name: string, of: OnlineSpec, figures: (course: Course) => Figures, bar?: Bar): readonly Figures[] {
  const runs = lab.run(of, figures);
  tell({ name, runs, bar });
  return runs;
}

function tell(line: Measured): void {
  measured.push(line);
  print(lineOf(line));
}

function group(name: string, body: () => void): void {
  if (groups.length > 0 && !groups.includes(name)) return;
  measured = [];
  body();
  if (!write) return;
  const how = `Medians over ${seeds} seeds [quartiles], ${steps} steps. ${ran.replace(everyGroup, name)}`;
  writeBetween('bandits.md', `bench/online.ts ${name}`, `${tablesOf(measured)}\n\n${how}`);
}

const atLeast = (figure: string, least: number): Bar => ({
  figure,
  asks: `at least ${least}`,
  met: (median) => median >= least,
});
const atMost = (figure: string, most: number): Bar => ({
  figure,
  asks: `at most ${most}`,
  met: (median) => median <= most,
});

const standing = (course: Course) => ({
  'normalised, last half': normalisedUtility(course, half),
  'from step 5,000': normalisedUtility(course, 5000),
  'over best fixed, last half': meanOver(course.utility, half) - bestFixed(course),
});
const pairs = [
  ['linucb', linucb],
  ['linear-thompson', linearThompson],
] as const;

group('standing', () => {
  for (const lambda of [0, 100, 1000]) {
    for (const start of ['warm', 'cold'] as const) {
      for (const [name, policy] of pairs) {
        const bar = start === 'warm' ? atLeast('normalised, last half', 0.95) : atLeast('from step 5,000', 0.9);
        measure(`${name}, ${start}, lambda ${lambda}`, spec({ policy, start, lambda }), standing, bar);
      }
    }
  }
});

group('labels', () => {
  const feedback = { ...everyLabel, share: 0.02 };
  for (const lambda of [0, 100, 1000]) {
    for (const start of ['cold', 'warm'] as const) {
      measure(
        `labels on 2 %, linucb, ${start}, lambda ${lambda}`,
        spec({ start, lambda, scenario: scenario({ feedback }) }),
        (course) => ({
          'over best fixed after 200 labels': meanOver(course.utility, half) - bestFixed(course),
          normalised: normalisedUtility(course, half),
          labels: course.labels,
        }),
        { figure: 'over best fixed after 200 labels', asks: 'above 0', met: (median) => median > 0 },
      );
    }
  }
});

group('budget', () => {
  const paced = (budget: number): Named => ({
    name: 'budget-paced',
    options: { policy: 'linucb', usd_per_request: budget },
  });
  for (const budget of [0.0001, 0.0003, 0.001]) {
    measure(
      `budget $${budget}`,
      spec({ policy: paced(budget), lambda: 0 }),
      (course) => ({
        'spend / budget, last half': spending(course, budget, half),
        'worst 500 steps of it': worstSpending(course, budget, 500, half),
        quality: meanOver(course.quality, half),
        'best fixed quality': bestFixed(course),
      }),
      { figure: 'spend / budget, last half', asks: '.97 to 1', met: (median) => median >= 0.97 && median <= 1 },
    );
  }
  // After the shock even the cheapest model alone takes .0008 a request: no router can keep to less.
  for (const budget of [0.001, 0.002, 0.004]) {
    for (const announced of [true, false]) {
      const events: readonly WorldEvent[] = [{ type: 'price', at: 8000, model: null, factor: 10, announced }];
      const shock = spec({ policy: paced(budget), lambda: 0, scenario: scenario({ events }) });
      measure(
        `budget $${budget}, ${announced ? 'announced' : 'unannounced'} 10 x price at 8,000`,
        shock,
        (course) => ({
          'spend / budget, 5,000 before': spending(course, budget, 3000, 8000),
          'next 5,000': spending(course, budget, 8000, 13_000),
          'worst 500 steps of it': worstSpending(course, budget, 500, 8000, 13_000),
          'cheapest model alone': Math.min(...models.map((_, m) => 10 * fixedCost(m))) / budget,
        }),
        announced ? atMost('next 5,000', 1.05) : undefined,
      );
    }
  }
});

group('drift', () => {
  const before = 5000;
  for (const [name, policy] of pairs) {
    for (const lambda of [0, 100]) {
      // Whichever model is asked most with full information goes down to chance.
      const victim = favourite(lambda);
      const events: readonly WorldEvent[] = [
        { type: 'degrade', at: before, model: models[victim] ?? '', quality: 0.25 },
      ];
      const drift = spec({ policy, lambda, estimator: forgetful, scenario: scenario({ events }) });
      measure(
        `${name}, lambda ${lambda}, ${models[victim]} drops to .25`,
        drift,
        (course) => {
          const below = firstShare(course.chosen, victim, before, 100, (share) => share < 0.1);
          return {
            'share before': shareOf(course.chosen, victim, before - 1000, before),
            'its pulls until below 10 % of 100 steps':
              below === null ? NaN : pulls(course.chosen, victim, before, below),
            'normalised after 1,000 more': normalisedUtility(course, before + 1000),
          };
        },
        atMost('its pulls until below 10 % of 100 steps', 200),
      );
      const arrival: readonly WorldEvent[] = [{ type: 'arrive', at: before, model: models[victim] ?? '' }];
      const newcomer = spec({
        policy: { name: 'onboarding', options: { policy: name } },
        lambda,
        estimator: forgetful,
        scenario: scenario({ events: arrival }),
        start: 'cold',
      });
      measure(
        `${name}, lambda ${lambda}, ${models[victim]} arrives`,
        newcomer,
        (course) => {
          const due = shareOf(course.referenceChoice, victim, before, steps);
          const adopted = firstShare(course.chosen, victim, before, 50, (share) => share >= due / 2);
          return {
            'reference gives it': due,
            'steps until half of that, over 50': adopted === null ? NaN : adopted - before,
            'normalised after 1,000 more': normalisedUtility(course, before + 1000),
          };
        },
        atMost('steps until half of that, over 50', 150),
      );
    }
  }
});

group('faults', () => {
  const figure = 'normalised, last half';
  for (const [name, policy] of pairs) {
    for (const start of ['warm', 'cold'] as const) {
      const clean = measure(`${name}, ${start}, clean`, spec({ policy, start }), standing);
      for (const [what, feedback] of [
        ['delayed by 1,000', { ...everyLabel, delay: 1000 }],
        ['10 % poisoned', { ...everyLabel, poisoned: 0.1 }],
      ] as const) {
        const runs = lab.run(spec({ policy, start, scenario: scenario({ feedback }) }), standing).map((run, seed) => ({
          ...run,
          'lost to clean, same seed': (clean[seed]?.[figure] ?? NaN) - run[figure],
        }));
        tell({ name: `${name}, ${start}, ${what}`, runs, bar: atMost('lost to clean, same seed', 0.03) });
      }
    }
  }
});

function fixedCost(model: number): number {
  const { costUsd, sampleIds } = bed.stream.dataset;
  let sum = 0;
  for (let row = 0; row < sampleIds.length; row++) sum += costUsd?.[row * models.length + model] ?? 0;
  return sum / sampleIds.length;
}

/** The model that full information asks most. */
function favourite(lambda: number): number {
  const [counts = []] = lab.run(
    spec({ policy: { name: 'random' }, lambda, seeds: 1, scenario: scenario({ steps: 2000 }) }),
    (course) => models.map((_, m) => shareOf(course.referenceChoice, m, 0, 2000)),
  );
  return counts.indexOf(Math.max(...counts));
}
