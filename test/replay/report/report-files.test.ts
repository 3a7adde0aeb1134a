import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { assert, double, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHashingEmbedder } from '../../../src/embedding/hashing.ts';
import { runReplay } from '../../../src/replay/replay.ts';
import { curvesCsv } from '../../../src/replay/report/curves-csv.ts';
import { figuresCsv } from '../../../src/replay/report/figures-csv.ts';
import { formatReplay } from '../../../src/replay/report/format-replay.ts';
import { escapeHtml, html, jsonForPage } from '../../../src/replay/report/html.ts';
import { htmlReport } from '../../../src/replay/report/html-report.ts';
import { escapeLatex, latexFigures, latexTable } from '../../../src/replay/report/latex-table.ts';
import { reproduceReport } from '../../../src/replay/report/reproduce.ts';
import { linearScale, logScale } from '../../../src/replay/report/scale.ts';
import { writeReplay } from '../../../src/replay/report/run-manifest.ts';
import { checkReportFolder, writeReport } from '../../../src/replay/report/write-report.ts';
import { temporaryFolder } from '../helpers.ts';
import { asCsv, catsAndDogs } from '../worlds.ts';

const folder = temporaryFolder();
const hostile = `<script>alert(1)</script>"'&=\u0000`;
const world = catsAndDogs(120, 'w');
const evil = {
  ...world,
  models: ['dear<img src=x onerror=alert(1)>', '=cheap_&%'],
  prompts: world.prompts.map((prompt) => `${hostile} ${prompt}`),
  groups: world.groups.map((group) => `<b>${group}</b>`),
};
const path = join(folder, 'evil.csv');
writeFileSync(path, asCsv(evil).replace('=cheap_&%|', '=cheap_&%|'));
const embedder = createHashingEmbedder({ dimensions: 64 });
const result = await runReplay({ train: path, embedder, estimators: ['ridge'], resamples: 20 });
const asked = { train: path, estimators: ['ridge'], resamples: 20 };

describe('html', () => {
  it('escapes whatever it is given, in text and in attributes', () => {
    assert(
      property(string({ unit: 'binary' }), (text) => {
        const { markup } = html`<p title="${text}">${text}</p>`;
        expect(markup.slice(3, -4).match(/[<]|(?<==)"[^"]*"[^>]*"/g)).toBeNull();
        expect(escapeHtml(text)).not.toMatch(/[<>"']/);
        expect(jsonForPage({ text }).markup).not.toMatch(/[<>&]/);
        expect(JSON.parse(jsonForPage({ text }).markup)).toEqual({ text });
      }),
    );
  });
});

describe('scales', () => {
  it('put their ends where they were told, and ticks between', () => {
    assert(
      property(
        double({ min: 1e-6, max: 10, noNaN: true }),
        double({ min: 1.05, max: 1e5, noNaN: true }),
        (low, ratio) => {
          for (const scale of [linearScale(low, low * ratio, 10, 110), logScale(low, low * ratio, 10, 110)]) {
            expect(scale.place(low)).toBeCloseTo(10, 6);
            expect(scale.place(low * ratio)).toBeCloseTo(110, 6);
            for (const tick of scale.ticks) {
              expect(scale.place(tick)).toBeGreaterThan(9.5);
              expect(scale.place(tick)).toBeLessThan(110.5);
            }
            expect(scale.ticks.length).toBeLessThan(20);
          }
        },
      ),
    );
    expect(logScale(0.001, 1, 0, 90).place(0)).toBe(0);
  });

  it('have no tick just outside a narrow logarithmic domain', () => {
    const scale = logScale(0.001902859045716186, 0.001902859045716186 * 1.05, 10, 110);
    expect(scale.ticks).toEqual([]);
    expect(logScale(10 ** -3, 0.5, 0, 90).ticks).toEqual([0.001, 0.01, 0.1]);
  });
  it('keep the tick of an end that was rounded', () => {
    expect(logScale(0.001 + 1e-17, 1 - 1e-16, 0, 90).ticks).toEqual([0.001, 0.01, 0.1, 1]);
  });
});

describe('the files of a report', () => {
  it('hold no markup of the data, and nothing that needs a network', () => {
    const page = htmlReport(result, asked, '1.2.3');
    expect(page).not.toContain('<script>alert');
    expect(page).not.toContain('<img');
    expect(page).not.toContain('<b>cat');
    expect(page).toContain('&lt;b&gt;cat&lt;/b&gt;');
    expect(page).not.toMatch(/(?:src|href)="(?!#)/);
    expect(page).not.toMatch(/url\(|@import|fetch\(/);
    expect(page.match(/<script/g)?.length).toBe(2);
    expect(page.split('<script')[0]).not.toMatch(/undefined|NaN|\[object/);
  });

  it('the CSV has every point, and no cell that a spreadsheet runs', () => {
    const rows = parse(curvesCsv(result));
    const [head, ...points] = rows;
    expect(head?.slice(0, 5)).toEqual(['router', 'origin', 'setting', 'cost_usd', 'quality']);
    expect(points.filter(([router]) => router === 'cost-aware · ridge').length).toBe(201);
    expect(new Set(rows.map((row) => row.length))).toEqual(new Set([7]));
    expect(points.flat().some((cell) => /^[=+@]/.test(cell))).toBe(false);
  });

  it('the LaTeX table escapes names and has as many cells in each row', () => {
    expect(escapeLatex('a_b & 50 % {x} \\ ~^ #$')).toBe(
      'a\\_b \\& 50 \\% \\{x\\} \\textbackslash{} \\textasciitilde{}\\textasciicircum{} \\#\\$',
    );
    const rows = latexTable(result)
      .split('\n')
      .filter((line) => line.endsWith('\\\\') && !line.includes('multicolumn'));
    expect(rows.length).toBe(6);
    for (const row of rows) expect(row.replaceAll('\\&', '').split('&').length).toBe(6);
  });

  it('are written whole, replace only a report, and are reproduced to the byte', async () => {
    const out = join(folder, 'report');
    const clean = join(folder, 'clean.csv');
    writeFileSync(clean, asCsv(world));
    const options = { train: clean, estimators: ['ridge'], resamples: 20 };
    const found = await runReplay(options);
    await writeReplay(out, found, options, '1.2.3');
    await writeReplay(out, found, options, '1.2.3');
    expect(readdirSync(out).sort()).toEqual([
      'curves.csv',
      'figures.csv',
      'manifest.json',
      'report.html',
      'result.json',
      'table.tex',
    ]);
    expect(readdirSync(folder).some((name) => name.includes('draft') || name.includes('replaced'))).toBe(false);
    const again = await reproduceReport(out, { version: '1.2.3' });
    expect(again.lines.at(-1)).toBe('Reproduced: every byte is the same.');
    const other = await reproduceReport(out, { version: '9' });
    expect(other.isIdentical).toBe(false);
    expect(other.lines).toContain('It was made with Pointsman 1.2.3; this is 9.');
    writeFileSync(clean, readFileSync(clean, 'utf8').replace(',1,', ',0,'));
    const changed = await reproduceReport(out, { version: '1.2.3' });
    expect(changed.lines.join('\n')).toMatch(
      /result\.json: differs[^]*The input clean\.csv is not the one that was read/,
    );
  });

  it('draws the curve of the pair where its figures are measured, and nowhere else', () => {
    const page = htmlReport(result, asked, '1');
    const [run] = result.runs;
    const curve = run?.pair?.calls?.curve ?? [];
    expect(curve.length).toBe(11);
    const tips = /"tips":(\{.*?\}\})/.exec(page)?.[1];
    const told: Record<string, { title: string; rows: string[][] }> = JSON.parse(tips ?? 'null');
    // Line 0 is drawn at random: from the weak model to the strong one.
    expect(Object.keys(told).length).toBe(13);
    const ends = [told['pair:0:0'], told['pair:0:1']].map((tip) => tip?.rows[1]?.[1]);
    expect(ends).toEqual([curve[0]?.quality.toFixed(4), curve.at(-1)?.quality.toFixed(4)]);
    expect(told['pair:1:5']).toMatchObject({
      title: run?.label,
      rows: [
        [expect.any(String), '50 %'],
        ['mean quality', curve[5]?.quality.toFixed(4)],
      ],
    });
    // Its own key, and the long lists of all routers but the first fold.
    expect(/aria-label="Lines">[^]*?<\/ul>/.exec(page)?.[0]).toMatch(/drawn at random[^]*cost-aware · ridge/);
    const two = htmlReport({ ...result, runs: [...result.runs, ...result.runs] }, asked, '1');
    expect(two.match(/<details open>/g)).toHaveLength(1);
    const without = { ...result, runs: result.runs.map((each) => ({ ...each, pair: null })) };
    expect(htmlReport(without, asked, '1')).not.toContain('id="pair"');
  });

  it('without resamples no interval is written, of no width least of all', async () => {
    const bare = await runReplay({ train: path, embedder, estimators: ['ridge', 'mean'], resamples: 0 });
    const page = htmlReport(bare, asked, '1').split('<script')[0] ?? '';
    const text = formatReplay(bare);
    for (const written of [page, text, latexTable(bare), latexFigures(bare), figuresCsv(bare)]) {
      expect(written).not.toMatch(/NaN|undefined/);
    }
    expect(page).not.toMatch(/\d to [+−]?\d/);
    expect(page).not.toContain('class="gain"');
    expect(text).not.toMatch(/\d\.\.[+-]?\d|\d to [+−]?\d/);
    expect(latexTable(bare)).not.toContain('_{[');
    expect(page).toContain('Intervals: none, by --resamples 0.');
    // What was left out is null, not a bound that somebody could take for one.
    expect(JSON.parse(JSON.stringify(bare)).runs[0].cost.aiq).toEqual({
      value: bare.runs[0]?.cost?.aiq.value,
      low: null,
      high: null,
    });
  });

  it('leaves a folder alone that holds something else', () => {
    const mine = join(folder, 'mine');
    mkdirSync(mine);
    writeFileSync(join(mine, 'thesis.tex'), '');
    expect(() => checkReportFolder(mine)).toThrow('holds something that is no report (thesis.tex)');
    expect(() => checkReportFolder(path)).toThrow('there is a file of this name');
    expect(existsSync(join(mine, 'thesis.tex'))).toBe(true);
  });

  it('says before the work where no folder could be', () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    expect(() => checkReportFolder(join(file, 'deep', 'report'))).toThrow('a-file is a file, not a folder');
    expect(() => checkReportFolder(join(folder, 'not', 'there', 'yet'))).not.toThrow();
    // Linux' /proc takes no folder and says ENOENT, on which a recursive mkdir never ends.
    if (existsSync('/proc/self')) {
      expect(() => writeReport('/proc/pointsman/report', new Map())).toThrow('the report cannot be written');
    }
  });
});
