// npm leaves out of the lockfile what its registry does not offer (another platform's binary, say), and `npm ci` then
// refuses the file. This adds those optional packages: node scripts/complete-lockfile.mjs, after every npm install.
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));
const { packages } = lock;
const systems = ['darwin', 'win32', 'android', 'freebsd', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'aix', 'linux'];
const processors = ['arm64', 'arm', 'riscv64', 's390x', 'ppc64', 'loong64', 'mips64el', 'ia32', 'x64'];

let added = 0;
for (const [path, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
  if (path === '') continue;
  for (const [name, range] of Object.entries(optionalDependencies)) {
    if (packages[`${path}/node_modules/${name}`] || packages[`node_modules/${name}`]) continue;
    const system = systems.find((each) => name.includes(each));
    const processor = processors.find((each) => name.includes(each));
    packages[`node_modules/${name}`] = {
      version: range.replace(/^[\^~]/, ''),
      ...(processor ? { cpu: [processor] } : {}),
      ...(dev ? { dev } : {}),
      ...(name.includes('musl') ? { libc: ['musl'] } : name.includes('gnu') ? { libc: ['glibc'] } : {}),
      optional: true,
      ...(system ? { os: [system] } : {}),
    };
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} packages added`);
