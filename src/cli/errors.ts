// From anything thrown to what the user reads: one clear line, a way to mend it where there is one, and an exit code.
// A stack trace only with --debug.
import { isKubeError } from '#kube/errors.ts';
import { CliError } from './io.ts';

export interface Failure {
  readonly exitCode: number;
  readonly text: string;
}

/** 1: it did not work. 2: wrong usage. Pure. */
export function formatFailure(error: unknown, isDebug: boolean): Failure {
  const exitCode = error instanceof CliError ? error.exitCode : 1;
  const stack = isDebug && error instanceof Error ? `${stackOf(error)}\n` : '';
  return { exitCode, text: `${stack}xtrinode: ${messageOf(error)}\n` };
}

function messageOf(error: unknown): string {
  if (isKubeError(error)) return kubeMessage(error);
  if (error instanceof Error && 'mend' in error && 'what' in error && 'why' in error) {
    return `${String(error.what)}: ${String(error.why)}\n  ${String(error.mend)}`;
  }
  return error instanceof Error ? error.message : String(error);
}

function kubeMessage(error: {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly causes: readonly { field?: string; message: string }[];
}): string {
  if (error.reason === 'Unreachable') return `${error.message}. Is it running? (xtrinode up starts a local one)`;
  if (error.code === 401) return `the API server does not accept these credentials: ${error.message}`;
  if (error.code === 404 && error.message.includes('could not find the requested resource')) {
    return 'the API server does not know XTrinode: install the custom resource definitions first (xtrinode up brings its own)';
  }
  // A Status repeats its causes in the message, except where it only counts them.
  const more = error.causes.map((cause) => `${cause.field === undefined || cause.field === '' ? '' : `${cause.field}: `}${cause.message}`);
  const missing = more.filter((line) => !error.message.includes(line.slice(line.indexOf(': ') + 2)));
  return [error.message, ...missing.map((line) => `  ${line}`)].join('\n');
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
