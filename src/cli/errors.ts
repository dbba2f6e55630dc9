// From anything thrown to what the user reads: one clear line, a way to mend it where there is one, and an exit code.
// A stack trace only with --debug.
import { isKubeError, type KubeError } from '#kube/errors.ts';
import { explainClusterProblem, isUnknownResource } from '#roles/cluster-problem.ts';
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

function kubeMessage(error: KubeError): string {
  const isOfTheCluster = [0, 401, 403].includes(error.code) || isUnknownResource(error);
  const problem = isOfTheCluster ? explainClusterProblem(error) : undefined;
  if (problem !== undefined) return problem.text;
  // A Status repeats its causes in the message, except where it only counts them.
  const more = error.causes.map((cause) => `${cause.field === undefined || cause.field === '' ? '' : `${cause.field}: `}${cause.message}`);
  const missing = more.filter((line) => !error.message.includes(line.slice(line.indexOf(': ') + 2)));
  return [error.message, ...missing.map((line) => `  ${line}`)].join('\n');
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
