// Runs the steps of the Dockerfile without a container engine: every stage becomes a folder, COPY copies, RUN runs there
// (with the Node that is installed here, not the image's), then CMD is started as a non-root user, HEALTHCHECK must pass,
// and SIGTERM must end it with code 0. It shows that the steps fit together; it does not show that an image builds.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';

const context = resolve(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'dockerfile-'));
chmodSync(scratch, 0o755);
const nobody = 65_534;

const steps = readFileSync(join(context, 'Dockerfile'), 'utf8')
  .replace(/\\\n/g, ' ')
  .split('\n')
  .map((line) => line.trim())
  .filter((line) => line && !line.startsWith('#'))
  .map((line) => ({ verb: line.slice(0, line.indexOf(' ')), rest: line.slice(line.indexOf(' ') + 1).trim() }));

const ignored = readFileSync(join(context, '.dockerignore'), 'utf8').split('\n').filter(Boolean);
const isIgnored = (path) => {
  const name = relative(context, path);
  return ignored.some((rule) =>
    rule.startsWith('*') ? name.endsWith(rule.slice(1)) : name === rule || name.startsWith(`${rule}/`),
  );
};

const stages = new Map();
let stage;
const inside = (path) => (path.startsWith('/') ? join(stage.root, path) : join(stage.root, stage.workdir, path));
/** Absolute paths of the image that a command names, moved under the stage's folder. */
const mapped = (command) =>
  command.replace(/(?<![\w.:/])\/(app|data|etc\/pointsman)\b/g, (path) => join(stage.root, path));

function run(command) {
  console.log(`  RUN ${command}`);
  const done = spawnSync('bash', ['-ec', mapped(command).replace(/chown node:node/g, `chown ${nobody}:${nobody}`)], {
    cwd: inside('.'),
    env: { ...process.env, ...stage.env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (done.status !== 0) throw new Error(`RUN failed with ${done.status}: ${command}`);
}

for (const { verb, rest } of steps) {
  switch (verb) {
    case 'FROM': {
      const [, image, name] = /^(\S+)(?: AS (\S+))?$/i.exec(rest);
      stage = { root: join(scratch, String(stages.size)), workdir: '/', env: {}, image };
      mkdirSync(stage.root);
      stages.set(name ?? String(stages.size), stage);
      console.log(`FROM ${image} (here: Node ${process.version})`);
      break;
    }
    case 'WORKDIR':
      stage.workdir = rest;
      mkdirSync(inside('.'), { recursive: true });
      break;
    case 'ENV':
      for (const pair of rest.split(/\s+/))
        stage.env[pair.slice(0, pair.indexOf('='))] = pair.slice(pair.indexOf('=') + 1);
      break;
    case 'COPY': {
      const from = /^--from=(\S+)\s+/.exec(rest);
      const names = rest.slice(from?.[0].length ?? 0).split(/\s+/);
      const target = names.pop();
      for (const name of names) {
        const source = from ? join(stages.get(from[1]).root, name) : join(context, name);
        if (!existsSync(source)) throw new Error(`COPY: ${name} does not exist`);
        const place = target.endsWith('/') ? join(inside(target), name.split('/').pop()) : inside(target);
        mkdirSync(dirname(place), { recursive: true });
        cpSync(source, place, {
          recursive: true,
          verbatimSymlinks: true,
          filter: (path) => from !== null || !isIgnored(path),
        });
      }
      break;
    }
    case 'RUN':
      run(rest);
      break;
    case 'USER':
      stage.user = rest;
      break;
    case 'EXPOSE':
      break;
    case 'HEALTHCHECK':
      stage.health = rest.slice(rest.indexOf('CMD ') + 4);
      break;
    case 'CMD':
      stage.command = JSON.parse(rest);
      break;
    default:
      throw new Error(`${verb}: this script does not know it`);
  }
}

if (!stage.user || stage.user === 'root') throw new Error('the last stage runs as root');
if (!stage.health) throw new Error('the last stage has no HEALTHCHECK');

const config = inside('/etc/pointsman/pointsman.yaml');
mkdirSync(dirname(config), { recursive: true });
cpSync(join(context, 'examples/simulated.yaml'), config);
writeFileSync(config, `${readFileSync(config, 'utf8')}\nauth: none\n`);
const [program, ...args] = stage.command.map(mapped);
console.log(`  CMD ${stage.command.join(' ')} (as user ${nobody})`);
const server = spawn(program, args, {
  cwd: inside('.'),
  env: { PATH: process.env.PATH, HOME: '/tmp', ...stage.env },
  uid: process.getuid?.() === 0 ? nobody : undefined,
  stdio: ['ignore', 'inherit', 'inherit'],
});
if (process.getuid?.() === 0) chownSync(inside('/data'), nobody, nobody);

const exited = new Promise((done) => server.once('exit', (code, signal) => done(code ?? signal)));
let healthy = false;
for (let tries = 0; tries < 40 && !healthy && server.exitCode === null; tries++) {
  await new Promise((done) => setTimeout(done, 250));
  healthy = spawnSync('bash', ['-c', stage.health], { cwd: inside('.'), stdio: 'ignore' }).status === 0;
}
server.kill('SIGTERM');
const code = await exited;
rmSync(scratch, { recursive: true, force: true });
if (!healthy) throw new Error('HEALTHCHECK never passed');
if (code !== 0) throw new Error(`SIGTERM ended the server with ${code}`);
console.log(
  'The steps of the Dockerfile ran, the server was healthy as a non-root user and stopped cleanly. No image was built.',
);
