// Runs the real kubectl against one server and hears all it prints. It must not know what is right.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Step } from './scenario.ts';

export interface Kubectl {
  readonly program: string;
  readonly kubeconfigPath: string;
  /** Of this server alone: kubectl keeps discovery and schemas here, and its home. */
  readonly directory: string;
}

export interface Printed {
  readonly exitCode: number;
  /** Both streams: first what it printed, then its complaints. */
  readonly text: string;
}

/** A kubectl that hangs is a failure of its own, with what it printed until then. */
const patienceMs = 30_000;

export async function runKubectl(kubectl: Kubectl, step: Step, namespace: string): Promise<Printed> {
  const child = start(kubectl, step.kubectl, namespace, step.edit);
  child.stdin?.end(step.stdin);
  const out: string[] = [];
  const notes: string[] = [];
  let another: Promise<Printed> | undefined;
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out.push(text);
    if (step.meanwhile !== undefined) another ??= runKubectl(kubectl, { kubectl: step.meanwhile }, namespace);
    if (step.lines !== undefined && out.join('').split('\n').length > step.lines) child.kill('SIGKILL');
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => notes.push(text));
  const [code] = (await once(child, 'close')) as [number | null];
  await another;
  // one that was ended has no code
  return { exitCode: code ?? (step.lines === undefined ? -1 : 0), text: [...out, ...notes].join('') };
}

function start(
  { program, kubeconfigPath, directory }: Kubectl,
  command: string,
  namespace: string,
  edit: string | undefined,
): ChildProcess {
  const flags = ['--kubeconfig', kubeconfigPath, '--cache-dir', directory, '--namespace', namespace];
  const env = { PATH: process.env['PATH'] ?? '', HOME: directory, ...(edit === undefined ? {} : { KUBE_EDITOR: `sed -i -e ${edit}` }) };
  return spawn(program, [...flags, ...splitWords(command)], { cwd: directory, env, timeout: patienceMs });
}

/** Pure. Single quotes keep spaces together. */
export function splitWords(command: string): readonly string[] {
  return [...command.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ''));
}
