// How a container is ended: preStop, SIGTERM, SIGKILL when its grace is over. Source: Kubernetes, "Termination of Pods"; the
// grace counts from the beginning of preStop.
import type { Clock } from '#core/clock.ts';
import type { Container } from '#core/objects.ts';
import type { ProcessExit, SupervisedProcess } from './supervised-processes.ts';
import { pause } from '#core/pause.ts';

export type PreStop =
  | { readonly do: 'nothing' }
  | { readonly do: 'sleep'; readonly delayMs: number }
  /** A hook that needs the image's programs. */
  | { readonly do: 'skip'; readonly message: string };

/** What of the hook can be honoured on this machine. Pure. */
export function planPreStop(container: Container): PreStop {
  const hook = container.lifecycle?.preStop;
  if (hook === undefined) return { do: 'nothing' };
  if (hook.sleep !== undefined) return { do: 'sleep', delayMs: hook.sleep.seconds * 1000 };
  const words = hook.exec?.command ?? [];
  const line =
    words.length === 3 && /^(?:\/bin\/)?(?:ba)?sh$/.test(words[0] ?? '') && words[1] === '-c' ? (words[2] ?? '') : words.join(' ');
  const seconds = /^\s*(?:\/bin\/)?sleep\s+(\d+(?:\.\d+)?)s?\s*$/.exec(line)?.[1];
  if (seconds !== undefined) return { do: 'sleep', delayMs: Number(seconds) * 1000 };
  const what = hook.exec === undefined ? Object.keys(hook).join(', ') : `exec ${line}`;
  return { do: 'skip', message: `the preStop hook (${what}) cannot be run on this machine and is skipped` };
}

export interface TerminationOptions {
  readonly graceMs: number;
  readonly preStop: PreStop;
  readonly clock: Clock;
  /** Aborts when there is no more patience, whatever `graceMs` says. */
  readonly hurry?: AbortSignal;
}

/** Fulfilled when the process has ended; `isKilled` says that it did not end by itself. */
export async function terminate(
  process: SupervisedProcess,
  { graceMs, preStop, clock, hurry }: TerminationOptions,
): Promise<{ readonly exit: ProcessExit; readonly isKilled: boolean }> {
  const ended = new AbortController();
  let isKilled = false;
  const exited = process.exited.then((exit) => {
    ended.abort();
    return exit;
  });
  const kill = (): void => {
    if (ended.signal.aborted) return;
    isKilled = true;
    process.signal('SIGKILL');
  };
  const cancelKill = clock.after(graceMs, kill);
  if (hurry?.aborted === true) kill();
  else hurry?.addEventListener('abort', kill, { once: true });
  if (preStop.do === 'sleep') await pause(clock, Math.min(preStop.delayMs, graceMs), ended.signal);
  process.signal('SIGTERM');
  const exit = await exited;
  cancelKill();
  hurry?.removeEventListener('abort', kill);
  return { exit, isKilled };
}
