import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hash32 } from '../../src/core/random.ts';
import { must, temporaryFolder } from '../replay/helpers.ts';
import { asCsv, catsAndDogs } from '../replay/worlds.ts';
import { hasBrowser, launchBrowser } from '../helpers/browser.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const isBuilt = existsSync(`${root}dist/cli/pointsman.js`);
if (!isBuilt) console.warn('skipped: dist/ is not there; run npm run build');

const folder = temporaryFolder();
const run = (...flags: readonly string[]) =>
  promisify(execFile)(process.execPath, ['bin/pointsman', ...flags], { cwd: root, maxBuffer: 1 << 28 });
const router = 'exec:python3 examples/routers/router.py';
const planted = ['--train', 'data/planted', '--resamples', '30', '--no-cache'];

describe.skipIf(!isBuilt)('pointsman replay --out', () => {
  const out = join(folder, 'report');

  beforeAll(async () => {
    await run('replay', ...planted, '-e', 'ridge', '-p', 'cost-aware', '-p', router, '--out', out);
  });

  it('pointsman reproduce makes the same bytes and says so; of another file it says that it was changed', async () => {
    const { stdout } = await run('reproduce', out);
    expect(stdout).toContain('Reproduced: every byte is the same.');
    const page = join(out, 'table.tex');
    const before = readFileSync(page, 'utf8');
    writeFileSync(page, `${before}%`);
    await expect(run('reproduce', out)).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining('table.tex: identical to the manifest, but the file here was changed'),
    });
    writeFileSync(page, before);
  });

  it('names no path of the machine but those that were given', () => {
    for (const name of ['report.html', 'result.json', 'curves.csv', 'table.tex', 'manifest.json']) {
      expect(readFileSync(join(out, name), 'utf8')).not.toContain(folder);
    }
  });

  describe.skipIf(!hasBrowser)('in Chromium', () => {
    let browser: Browser;
    let page: Page;
    const complaints: string[] = [];

    beforeAll(async () => {
      browser = await launchBrowser();
      page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('request', (request) => {
        if (!request.url().startsWith('file:')) complaints.push(request.url());
      });
      await page.goto(pathToFileURL(join(out, 'report.html')).href);
    });
    afterAll(async () => browser.close());

    it('opens from disk without a complaint or a request', async () => {
      expect(await page.title()).toMatch(/^Replay of planted/);
      expect(await page.locator('html').getAttribute('data-ready')).toBe('true');
      expect(await page.locator('#plot svg.log').isVisible()).toBe(true);
      expect(await page.locator('#plot svg.linear').isVisible()).toBe(false);
      expect(await page.locator('#plot svg.log .series').count()).toBe(2);
      expect(complaints).toEqual([]);
    });

    it('a point shows lambda, cost, quality and shares, as result.json has them', async () => {
      const point = page.locator('#plot svg.log .series').first().locator('.point').nth(5);
      await point.hover({ force: true });
      // Points lie on one another; the one on top is told.
      const [, , way] = must(await page.locator('.point.on').getAttribute('data-key')).split(':');
      const tip = page.locator('#tip');
      expect(await tip.isVisible()).toBe(true);
      const text = must(await tip.textContent());
      const result: {
        runs: { label: string; curve: { quality: number; shares: number[] }[] }[];
        models: { model: string }[];
      } = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'));
      const [first] = result.runs;
      const told = must(must(first).curve[Number(way)]);
      expect(text).toContain(must(first).label);
      expect(text).toContain('λ');
      expect(text).toContain(`quality${told.quality.toFixed(4)}`);
      const most = told.shares.indexOf(Math.max(...told.shares));
      expect(text).toContain(must(result.models[most]).model);
      await page.mouse.move(2, 2);
      expect(await tip.isVisible()).toBe(false);
    });

    it('tells every figure of every router, and what it does not tell', async () => {
      const table = page.locator('#figures ~ .scroll').first();
      const rows = await table.locator('tbody tr:not(.family)').allTextContents();
      expect(rows.length).toBeGreaterThan(30);
      for (const name of [
        'AIQ − zero router',
        'APGR, 11 shares',
        'Gain@B',
        'Opt.Sel',
        'Brier score',
        'pinball loss at 0.9',
      ]) {
        expect(rows.some((row) => row.trim().startsWith(name))).toBe(true);
      }
      // Two routers, so two cells; the program tells no predictions, and the page says so.
      expect(await table.locator('tbody tr').nth(1).locator('td').count()).toBe(3);
      expect(await page.locator('.notes').textContent()).toContain(
        'of words (Python): the router tells no predictions.',
      );
    });

    it('the keyboard steps along a router', async () => {
      const series = page.locator('#plot svg.log .series').first();
      // A key before the focus makes it one that is visible.
      await page.keyboard.press('Tab');
      await series.focus();
      const tip = page.locator('#tip');
      const before = await tip.textContent();
      await page.keyboard.press('ArrowRight');
      expect(await tip.isVisible()).toBe(true);
      expect(await tip.textContent()).not.toBe(before);
      await page.keyboard.press('Escape');
      expect(await tip.isVisible()).toBe(false);
    });

    it('switches the axis, and hides a router', async () => {
      await page.locator('#x-linear').check();
      expect(await page.locator('#plot svg.linear').isVisible()).toBe(true);
      expect(await page.locator('#plot svg.log').isVisible()).toBe(false);
      await page.locator('[data-toggle="0"]').uncheck();
      expect(await page.locator('#plot svg.linear .series').first().isVisible()).toBe(false);
      expect(complaints).toEqual([]);
    });

    it('fits a telephone without scrolling sideways', async () => {
      const small = await browser.newPage({ viewport: { width: 390, height: 800 }, colorScheme: 'dark' });
      await small.goto(pathToFileURL(join(out, 'report.html')).href);
      const wide = await small.evaluate('document.documentElement.scrollWidth');
      const name = await small.locator('#figures ~ .scroll tbody tr:not(.family) td').first().boundingBox();
      expect(must(name).width).toBeGreaterThan(100);
      expect(wide).toBeLessThanOrEqual(390);
      await small.close();
    });
  });
});

describe.skipIf(!isBuilt)('pointsman replay', () => {
  it('gives the same bytes with one and with two threads, with and without a cache', async () => {
    const flags = ['replay', '--train', 'data/planted', '--resamples', '20', '--json', '--protocol', 'kfold:3'];
    const { stdout } = await run(...flags, '-e', 'ridge', '--threads', '1', '--no-cache');
    const cache = join(folder, 'cache');
    for (const threads of ['1', '2']) {
      const again = await run(...flags, '-e', 'ridge', '--threads', threads, '--cache', cache);
      expect(again.stdout).toBe(stdout);
    }
    rmSync(cache, { recursive: true });
  });

  it("compares a stranger's router in Python by exec:, marked as original code, and times it", async () => {
    const { stdout } = await run('replay', ...planted, '-e', 'none', '-p', router);
    expect(stdout).toContain('words (Python): original code.');
    expect(stdout).toMatch(/program +answers +ms p50/);
    const gain = /^words \(Python\).*?([+-]0\.\d+) \(([+-]0\.\d+)\.\./m.exec(stdout);
    expect(Number(must(gain)[1])).toBeGreaterThan(0);
  });
});

describe.skipIf(!isBuilt)('a program that does not keep to the conversation', () => {
  const train = join(folder, 'train.csv');
  writeFileSync(train, asCsv(catsAndDogs(60, 'exec')));
  const python = (body: string): string => {
    const path = join(folder, `${hash32(body)}.py`);
    writeFileSync(
      path,
      `import json, sys, time\ndef say(x): print(json.dumps(x), flush=True)\nfor line in sys.stdin:\n  m = json.loads(line)\n  if m["type"] == "start": say({"type": "ready"})\n  elif m["type"] == "fit": say({"type": "fitted"})\n  elif m["type"] == "query":\n    ${body}\n  elif m["type"] == "end": break\n`,
    );
    return `exec:python3 ${path}`;
  };
  const out = join(folder, 'never');
  const replay = (policy: string) =>
    run(
      'replay',
      '--train',
      train,
      '-e',
      'none',
      '-p',
      policy,
      '--exec-timeout',
      '1',
      '--resamples',
      '10',
      '--out',
      out,
    );

  it.each([
    [
      'dies',
      'sys.stderr.write("no memory\\n"); sys.exit(3)',
      /it ended with code 3 \(its last words: "no memory"\), while asked for query "exec\.\d+"/,
    ],
    ['stalls', 'time.sleep(60)', /it gave no answer to query "exec\.\d+" within 1 s/],
    ['talks nonsense', 'print("hello", flush=True)', /it answered query "exec\.\d+" with "hello", which is not JSON/],
    ['names no model', 'say({"id": m["id"], "model": "gpt-9"})', /names a model that there is not: "gpt-9"/],
    ['answers another query', 'say({"id": "x", "model": "dear"})', /is for query "x"/],
    ['has no number', 'say({"quality": [1, None]})', /in the shape that is needed/],
    ['forgets a model', 'say({"quality": {"dear": 1}})', /needs a finite number in "quality" for each of 2 models/],
    ['gives chances that are none', 'say({"probabilities": [[0.5, 0.4]]})', /needs 2 probabilities that sum to 1/],
    ['has too few trade-offs', 'say({"choices": ["dear", "dear"]})', /has 2 trade-offs where 201 were asked for/],
    ['talks without end', 'print("x" * 5000000, flush=True)', /a line of more than 4 MB|which is not JSON/],
  ])('%s: one line, exit code 2, nothing written', async (_, body, message) => {
    const failed = await replay(python(body)).then(
      () => null,
      (error: unknown) => error,
    );
    expect(failed).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
    const stderr: unknown = typeof failed === 'object' && failed !== null ? Reflect.get(failed, 'stderr') : '';
    expect(String(stderr).trim().split('\n').length).toBe(1);
    expect(existsSync(out)).toBe(false);
  });

  it('cannot be started', async () => {
    await expect(replay('exec:no-such-program-here')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/it ended with code 127/),
    });
  });

  it('may answer with estimates, probabilities or one choice', async () => {
    const routers = [
      python('say({"quality": {"dear": 0.9, "cheap": 0.5}, "cost_usd": [0.01, 0.001]})'),
      python('say({"probabilities": [[0.25, 0.75]]})'),
      python('say({"model": "cheap"})'),
    ].flatMap((each) => ['-p', each]);
    const { stdout } = await run('replay', '--train', train, '-e', 'none', '--resamples', '10', ...routers);
    expect(stdout).toContain('original predictions, our rule');
    expect(stdout.match(/original code/g)?.length).toBe(2);
  });
});
