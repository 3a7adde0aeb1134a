import { Command } from 'commander';
import { PointsmanError } from '../core/errors.ts';
import { readJudgeLog, type Comparison, type JudgeLog } from '../outcomes/judged.ts';
import { estimateOfMean, type Estimate } from '../replay/off-policy/estimate.ts';
import { textTable } from '../replay/report/text-table.ts';

interface ShadowFlags {
  readonly fromLog: string;
  readonly json?: boolean;
}

/** One candidate against one model that served. */
export interface Duel {
  readonly route: string;
  readonly candidate: string;
  readonly against: string;
  readonly asked: number;
  readonly wins: number;
  readonly ties: number;
  readonly losses: number;
  readonly unjudged: number;
  /** Mean of 1 for a win, 0.5 for a tie, 0 for a loss; null where nothing was judged. */
  readonly score: Estimate | null;
  /** US dollars of the candidate's answers, and of the served ones; unknown costs count nothing. */
  readonly candidateUsd: number;
  readonly servedUsd: number;
}

/** `pointsman shadow`: wins, ties, losses and dollars of paid shadow, and how far the judge can be trusted. */
export function shadowCommand(): Command {
  return new Command('shadow')
    .description(
      'Paid shadow: how a candidate compared with what was served, what it cost, and how the judge agrees with people.',
    )
    .requiredOption('--from-log <file>', 'the outcome database (storage.path); a gateway may be using it')
    .option('--json', 'as JSON')
    .action((flags: ShadowFlags) => {
      const log = readJudgeLog(flags.fromLog);
      const duels = duelsOf(log.comparisons);
      if (duels.length === 0 && log.judgements === 0) {
        throw new PointsmanError(
          'invalid_data',
          `${flags.fromLog}: nothing was judged; a route needs "shadow" or "rewards.judge".`,
        );
      }
      const judge = judgeSummary(log);
      process.stdout.write(
        flags.json === true ? `${JSON.stringify({ duels, judge }, null, 2)}\n` : shadowText(duels, judge),
      );
    });
}

/** By route, candidate and opponent, in the order of their first request. */
export function duelsOf(comparisons: readonly Comparison[]): readonly Duel[] {
  const groups = new Map<string, Comparison[]>();
  for (const each of comparisons) {
    const key = JSON.stringify([each.route, each.candidate, each.against]);
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()].flatMap((group): Duel[] => {
    const [first] = group;
    if (first === undefined) return [];
    const values = group.flatMap(({ value }) => (value === null ? [] : [value]));
    const count = (wanted: number): number => values.filter((value) => value === wanted).length;
    const sum = (read: (each: Comparison) => number | null): number =>
      group.reduce((total, each) => total + (read(each) ?? 0), 0);
    return [
      {
        route: first.route,
        candidate: first.candidate,
        against: first.against,
        asked: group.length,
        wins: count(1),
        ties: count(0.5),
        losses: count(0),
        unjudged: group.length - values.length,
        score: values.length === 0 ? null : estimateOfMean(Float64Array.from(values)),
        candidateUsd: sum(({ costUsd }) => costUsd),
        servedUsd: sum(({ servedCostUsd }) => servedCostUsd),
      },
    ];
  });
}

export interface JudgeSummary {
  readonly judgements: number;
  readonly usd: number;
  /** Decisions with a grade and explicit feedback. */
  readonly pairs: number;
  /** Share of pairs on the same side of 0.5; null without pairs. */
  readonly agreement: number | null;
  /** The same beyond what two that know nothing of each other would reach (Cohen's kappa); null where that cannot be told. */
  readonly kappa: number | null;
  readonly meanDifference: number | null;
}

export function judgeSummary({ pairs, judgements, judgeUsd }: JudgeLog): JudgeSummary {
  const share = (of: (pair: (typeof pairs)[number]) => number): number =>
    pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
  const good = (score: number): number => (score >= 0.5 ? 1 : 0);
  const agreement = share(({ judge, label }) => (good(judge) === good(label) ? 1 : 0));
  const judgedGood = share(({ judge }) => good(judge));
  const labelledGood = share(({ label }) => good(label));
  const chance = judgedGood * labelledGood + (1 - judgedGood) * (1 - labelledGood);
  const none = pairs.length === 0;
  return {
    judgements,
    usd: judgeUsd,
    pairs: pairs.length,
    agreement: none ? null : agreement,
    kappa: none || chance === 1 ? null : (agreement - chance) / (1 - chance),
    meanDifference: none ? null : share(({ judge, label }) => Math.abs(judge - label)),
  };
}

const dollars = (usd: number): string => `$${usd.toFixed(4)}`;

function shadowText(duels: readonly Duel[], judge: JudgeSummary): string {
  const rows = duels.map((each) => [
    `${each.route}: ${each.candidate} against ${each.against}`,
    `${each.wins}`,
    `${each.ties}`,
    `${each.losses}`,
    `${each.unjudged}`,
    each.score === null
      ? '-'
      : `${each.score.value.toFixed(3)} [${Math.max(0, each.score.low).toFixed(3)}, ${Math.min(1, each.score.high).toFixed(3)}]`,
    dollars(each.candidateUsd),
    dollars(each.servedUsd),
  ]);
  const head = ['candidate', 'wins', 'ties', 'losses', 'not judged', 'score', 'its dollars', 'served dollars'];
  const table = duels.length === 0 ? 'No request was sent to a candidate.' : textTable(head, rows);
  const trust =
    judge.agreement === null
      ? 'no decision has both its grade and explicit feedback, so nobody knows how good it is.'
      : `on ${judge.pairs} decisions with explicit feedback it agrees in ${(judge.agreement * 100).toFixed(1)} %` +
        `${judge.kappa === null ? '' : ` (kappa ${judge.kappa.toFixed(2)})`}, mean difference ${(judge.meanDifference ?? 0).toFixed(3)}.`;
  return `${table}\n\nscore: 1 a win, 0.5 a tie, 0 a loss; [95 % interval].\nThe judge: ${judge.judgements} calls, ${dollars(judge.usd)}; ${trust}\n`;
}
