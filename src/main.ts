// The one binary: hands argv to the command line, turns signals into an abort and the result into an exit code.
import { runCli } from '#cli/program.ts';
import { writeOutLater } from '#observe/standard-output.ts';
import { systemClock } from '#observe/system-clock.ts';

const interrupted = new AbortController();

/** Ctrl-C reaches the whole foreground group, and the wrappers (npm, the start script) pass theirs on: one press, several signals. */
const samePressMs = 1_000;
let interruptedAt = 0;

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => {
    // The second press does not wait for anything any more.
    if (interrupted.signal.aborted && performance.now() - interruptedAt > samePressMs) process.exit(code);
    if (interrupted.signal.aborted) return;
    interruptedAt = performance.now();
    interrupted.abort();
  });
}

// A reader that has seen enough (| head) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

// Timers of the system clock do not keep the process alive; while a command waits, this one does.
const alive = setInterval(() => undefined, 2 ** 30);
process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  clock: systemClock,
  random: Math.random,
  signal: interrupted.signal,
  out: (text) => void process.stdout.write(text),
  note: (text) => void process.stderr.write(text),
  outLater: writeOutLater,
  isInteractive: process.stderr.isTTY,
  readStdin,
});
clearInterval(alive);
// What a bounded stop had to leave behind does not hold the process for longer than this.
setTimeout(() => process.exit(), 2_000).unref();
