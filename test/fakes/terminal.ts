// A CliIo that keeps what a command prints, and a Ctrl-C that the test presses.
import type { CliIo } from '#cli/io.ts';
import { systemClock } from '#observe/system-clock.ts';

export interface FakeTerminal {
  readonly io: CliIo;
  readonly out: () => string;
  readonly notes: () => string;
  readonly interrupt: () => void;
}

export function aTerminal(
  env: Readonly<Record<string, string>>,
  more: { readonly isInteractive?: boolean; readonly stdin?: string } = {},
): FakeTerminal {
  const texts = { out: '', notes: '' };
  const stop = new AbortController();
  // A home that does not exist: a test never sees the kubeconfig or the running system of whoever runs it.
  const io: CliIo = {
    env: { HOME: '/nonexistent', ...env },
    clock: systemClock,
    random: () => 0,
    signal: stop.signal,
    out: (text) => (texts.out += text),
    note: (text) => (texts.notes += text),
    outLater(text, done) {
      texts.out += text;
      done();
    },
    isInteractive: more.isInteractive ?? false,
    readStdin: () => Promise.resolve(more.stdin ?? ''),
  };
  return { io, out: () => texts.out, notes: () => texts.notes, interrupt: () => stop.abort() };
}
