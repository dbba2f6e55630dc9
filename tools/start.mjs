#!/usr/bin/env node
// Bootstrap: runs on the machine's own Node (20 or later), installs the project's dependencies when they are missing or
// outdated, then hands over to the Node that the lockfile pins. Plain JavaScript, no dependency, nothing else in here.
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const lockfile = join(root, 'package-lock.json');
const installedMark = join(root, 'node_modules', '.xtrinode-lock.json');

function fail(message) {
  process.stderr.write(`xtrinode: ${message}\n`);
  process.exit(1);
}

if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(`Node ${process.versions.node} is too old: the set-up needs Node 20 or later. Install it from your distribution or with nvm.`);
}
if (process.platform !== 'linux') {
  fail(
    `${process.platform} is not supported: XTrinode runs local Trino processes on Linux loopback addresses. Use a Linux machine, a VM or WSL 2.`,
  );
}

function isInstalled() {
  if (!existsSync(installedMark) || !existsSync(lockfile)) return false;
  return readFileSync(installedMark, 'utf8') === readFileSync(lockfile, 'utf8');
}

if (!isInstalled()) {
  process.stderr.write('xtrinode: installing the project’s dependencies (npm install, once) ...\n');
  const npm = spawnSync('npm', ['install', '--no-save', '--no-fund', '--no-audit', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (npm.error?.code === 'ENOENT') fail('npm is not on the PATH. It comes with Node: install Node 20 or later with npm.');
  if (npm.status !== 0) fail('npm install failed (see above). Mend that (network, registry, disk) and run the same command again.');
  copyFileSync(lockfile, installedMark);
}

let node;
try {
  node = join(dirname(createRequire(join(root, 'package.json')).resolve(`node-linux-${process.arch}/package.json`)), 'bin', 'node');
} catch {
  fail(`no pinned Node for linux-${process.arch}: supported are x64 and arm64.`);
}

const [first, ...rest] = process.argv.slice(2);
const args = first === '--script' ? [join(root, rest[0]), ...rest.slice(1)] : [join(root, 'src', 'main.ts'), ...process.argv.slice(2)];
const path = `${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`;
// What is compiled is kept: a process that need not strip types itself starts in half the time and holds 30 MB less (decision 0019).
const compileCache = join(root, 'node_modules', '.cache', 'xtrinode');
// An operator works little and lives for months: a small young generation takes a third off its memory. A gateway has one core and
// little that survives: helpers that collect its garbage beside it only get into its way (several that mark keep it from its core for
// 20 ms at a time), and what it needs for good is a few megabytes, so that all of its garbage is looked for when that has grown by half
// and not when it is four times as much (decision 0021).
const roleFlags = {
  operator: ['--max-semi-space-size=2'],
  gateway: [
    '--max-semi-space-size=8',
    '--heap-growing-percent=50',
    '--no-parallel-scavenge',
    '--no-concurrent-array-buffer-sweeping',
    '--concurrent-marking-max-worker-num=1',
  ],
}[first];
const flags = ['--disable-warning=ExperimentalWarning', ...(roleFlags ?? [])];
// Few malloc arenas cost such a process nothing and keep its memory together.
const arenas = roleFlags === undefined ? {} : { MALLOC_ARENA_MAX: '2' };
const env = { NODE_COMPILE_CACHE: compileCache, ...arenas, ...process.env, PATH: path };
// In place of this process where Node can do that: signals and exit codes go straight to whoever started it. Its warning that this
// is experimental would be told a turn later, by nobody.
if (typeof process.execve === 'function') process.execve(node, [node, ...flags, ...args], env);
const child = spawn(node, [...flags, ...args], { stdio: 'inherit', env });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 128 + 15 : 1)));
