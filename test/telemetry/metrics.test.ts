import { describe, expect, test } from 'vitest';
import type { Attempt } from '../../src/core/outcome.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { Counter, counterText, Family, Histogram, histogramText } from '../../src/telemetry/series.ts';

test('what goes on at the targets is told at each scrape, and left out where there is nothing to tell', async () => {
  const metrics = createMetrics({ processMetrics: false });
  expect((await metrics.render()).text).not.toContain('pointsman_target_');
  metrics.watchUpstream(() => ({
    loads: [
      { target: 'a', calls: 3, reported: { running: 5, waiting: 2, cacheUse: 0.25 } },
      { target: 'b', calls: 1, reported: { running: 0, waiting: 0, cacheUse: null } },
      { target: 'c', calls: 0, reported: null },
    ],
    gates: [{ target: 'a', running: 2, waiting: 1, waited: 7, waitedMs: 1_500, refused: 4 }],
    hedges: new Map([['auto', { sent: 9, won: 4, lost: 3 }]]),
    checks: new Map([
      ['a', true],
      ['b', false],
    ]),
    cooling: ['b'],
  }));
  const lines = (await metrics.render()).text.split('\n').filter((line) => /^pointsman_(target|hedges)_/.test(line));
  expect(lines.map((line) => line.replace('pointsman_', ''))).toEqual([
    'target_calls{target="a"} 3',
    'target_calls{target="b"} 1',
    'target_calls{target="c"} 0',
    'target_reported_running{target="a"} 5',
    'target_reported_running{target="b"} 0',
    'target_reported_waiting{target="a"} 2',
    'target_reported_waiting{target="b"} 0',
    'target_reported_cache_use{target="a"} 0.25',
    'target_gate_running{target="a"} 2',
    'target_gate_waiting{target="a"} 1',
    'target_gate_waited_total{target="a"} 7',
    'target_gate_wait_seconds_total{target="a"} 1.5',
    'target_gate_refused_total{target="a"} 4',
    'target_healthy{target="a"} 1',
    'target_healthy{target="b"} 0',
    'target_cooling{target="b"} 1',
    'hedges_sent_total{route="auto"} 9',
    'hedges_won_total{route="auto"} 4',
    'hedges_lost_total{route="auto"} 3',
  ]);
});

describe('series', () => {
  test('a child is found again by its labels, and by nothing else', () => {
    const family = new Family('f', 'Help.', ['a', 'b'], () => new Counter());
    family.child('x', 'y').add(2);
    family.child('x', 'y').add(0.5);
    family.child('xy', '').add(1);
    family.child('', 'xy').add(3);
    expect(counterText(family)).toBe(
      '# HELP f Help.\n# TYPE f counter\nf{a="x",b="y"} 2.5\nf{a="xy",b=""} 1\nf{a="",b="xy"} 3\n',
    );
  });

  test('labels are escaped', () => {
    const family = new Family('f', 'Help.', ['a'], () => new Counter());
    family.child('say "hi"\\\n').add(1);
    expect(counterText(family)).toContain('f{a="say \\"hi\\"\\\\\\n"} 1\n');
  });

  test('without labels there are no braces', () => {
    const family = new Family('f', 'Help.', [], () => new Counter());
    family.child().add(4);
    expect(counterText(family)).toContain('\nf 4\n');
  });

  test('a flood of names ends in one child', () => {
    const family = new Family('f', 'Help.', ['a', 'b'], () => new Counter());
    for (let i = 0; i < 10_000; i++) family.child(String(i), 'b').add(1);
    const lines = counterText(family)
      .split('\n')
      .filter((line) => line.startsWith('f{'));
    expect(lines).toHaveLength(2_001);
    expect(lines.at(-1)).toBe('f{a="other",b="other"} 8000');
    family.child('5', 'b').add(1);
    expect(counterText(family)).toContain('f{a="5",b="b"} 2\n');
  });

  test('a histogram counts cumulatively, a bound belongs to its bucket', () => {
    const bounds = [1, 2.5];
    const family = new Family('h', 'Help.', ['a'], () => new Histogram(bounds));
    for (const value of [0.5, 1, 1.5, 2.5, 99]) family.child('x').observe(value);
    expect(histogramText(family, bounds)).toBe(
      [
        '# HELP h Help.',
        '# TYPE h histogram',
        'h_bucket{a="x",le="1"} 2',
        'h_bucket{a="x",le="2.5"} 4',
        'h_bucket{a="x",le="+Inf"} 5',
        'h_sum{a="x"} 104.5',
        'h_count{a="x"} 5',
        '',
      ].join('\n'),
    );
  });
});

const attempt: Attempt = {
  model: 'm',
  target: 't',
  startedAt: 1_000,
  firstTokenAt: 1_300,
  endedAt: 2_000,
  status: 200,
  usage: { inputTokens: 100, cachedTokens: 40, outputTokens: 7 },
  costUsd: 0.25,
  endReason: 'stop',
};

test('a request is counted by route, model and status, its attempts by target and end', async () => {
  const metrics = createMetrics({ processMetrics: false });
  const failed: Attempt = {
    ...attempt,
    target: 'u',
    firstTokenAt: null,
    usage: null,
    costUsd: null,
    endReason: 'timeout',
  };
  const request = { route: 'auto', model: 'm', status: 200, overheadMs: 0.3, durationMs: 1_500 };
  metrics.ended({ ...request, attempts: [failed, attempt] });
  metrics.ended({ ...request, attempts: [attempt] });
  metrics.ended({ route: 'none', model: 'none', status: 401, overheadMs: null, durationMs: 1, attempts: [] });
  const { text } = await metrics.render();
  for (const line of [
    'pointsman_requests_total{route="auto",model="m",status="200"} 2',
    'pointsman_requests_total{route="none",model="none",status="401"} 1',
    'pointsman_attempts_total{target="u",end_reason="timeout"} 1',
    'pointsman_attempts_total{target="t",end_reason="stop"} 2',
    'pointsman_tokens_total{model="m",kind="input"} 200',
    'pointsman_tokens_total{model="m",kind="output"} 14',
    'pointsman_tokens_total{model="m",kind="cached"} 80',
    'pointsman_cost_usd_total{route="auto",model="m"} 0.5',
    'pointsman_overhead_seconds_bucket{route="auto",le="0.00025"} 0',
    'pointsman_overhead_seconds_bucket{route="auto",le="0.0005"} 2',
    'pointsman_overhead_seconds_count{route="auto"} 2',
    'pointsman_first_token_seconds_bucket{model="m",le="0.25"} 0',
    'pointsman_first_token_seconds_bucket{model="m",le="0.5"} 2',
    'pointsman_duration_seconds_sum{route="auto"} 3',
  ]) {
    expect(text).toContain(`${line}\n`);
  }
  expect(text).not.toContain('pointsman_overhead_seconds_count{route="none"}');
});

test('store and learners are read at the scrape', async () => {
  const metrics = createMetrics({ processMetrics: false });
  let lost = 0;
  metrics.watchStore(() => ({ available: false, lost, pending: 12 }));
  metrics.watchLearners(() => new Map([['knn quality', 3]]));
  lost = 5;
  const { text } = await metrics.render();
  expect(text).toContain('pointsman_store_available 0\n');
  expect(text).toContain('pointsman_store_lost_total 5\n');
  expect(text).toContain('pointsman_store_pending 12\n');
  expect(text).toContain('pointsman_learner_lag{learner="knn quality"} 3\n');
});

test('the queue is read at the scrape, by engine, and each learner has the version of its state', async () => {
  const metrics = createMetrics({ processMetrics: false });
  const state = { lagSeconds: 1.5, spooled: 3, depth: 4, delivered: 5, refused: 6 };
  let versions = new Map<string, number>();
  metrics.watchQueue('bullmq', () => ({ ...state, versions }));
  expect((await metrics.render()).text).not.toContain('state_version');
  versions = new Map([['knn/quality', 7]]);
  const { text } = await metrics.render();
  for (const line of [
    'pointsman_queue_lag_seconds{engine="bullmq"} 1.5',
    'pointsman_queue_spooled{engine="bullmq"} 3',
    'pointsman_queue_depth{engine="bullmq"} 4',
    'pointsman_queue_delivered_total{engine="bullmq"} 5',
    'pointsman_queue_refused_total{engine="bullmq"} 6',
    'pointsman_learner_state_version{learner="knn/quality"} 7',
  ]) {
    expect(text).toContain(`${line}\n`);
  }
});

test("what a client calls its rewards' source cannot become a label", async () => {
  const metrics = createMetrics({ processMetrics: false });
  metrics.rewarded('api', 'accepted');
  metrics.rewarded('anything"}', 'accepted');
  const { text } = await metrics.render();
  expect(text).toContain('pointsman_rewards_total{source="api",status="accepted"} 1\n');
  expect(text).toContain('pointsman_rewards_total{source="other",status="accepted"} 1\n');
});

test('every line is in the text format, process metrics included', async () => {
  const metrics = createMetrics();
  metrics.refused('invalid_json');
  metrics.ended({ route: 'a', model: 'b', status: 200, overheadMs: 1, durationMs: 2, attempts: [attempt] });
  const { text, contentType } = await metrics.render();
  expect(contentType).toContain('version=0.0.4');
  expect(text).toContain('process_cpu_seconds_total');
  for (const line of text.split('\n')) {
    expect(line).toMatch(/^(# (HELP|TYPE) \w+ .*|[a-zA-Z_:][\w:]*(\{(\w+="(\\.|[^"\\])*",?)+\})? [-+\d.eInfNa]+|)$/);
  }
  const names = [...text.matchAll(/^# TYPE (\w+) /gm)].map((match) => match[1]);
  expect(new Set(names).size).toBe(names.length);
});
