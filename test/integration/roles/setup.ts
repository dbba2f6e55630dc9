// A cluster for roles that run as they do from a shell: the embedded API over HTTPS with a kubeconfig, and the command line in
// this process.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { gatewayNamespace, systemNamespace } from '#apis/v1/resources.ts';
import { runCli } from '#cli/program.ts';
import type { KubeObject } from '#core/objects.ts';
import { createEmbeddedApi } from '#embedded/embedded-api.ts';
import type { KubeApi } from '#kube/port.ts';
import { customResourceDefinitions, namespaces } from '#kube/resources.ts';
import { systemClock } from '#observe/system-clock.ts';
import { readDefinitions } from '#roles/bootstrap.ts';
import { hastyClock } from '../../fakes/hasty-clock.ts';
import { aTerminal } from '../../fakes/terminal.ts';

const write = { fieldManager: 'test', force: true } as const;

export interface RunningRole {
  /** Fulfilled with the first line on standard output for which `pattern` holds. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** The same of the log on standard error. */
  notes(pattern: RegExp): Promise<RegExpExecArray>;
  /** SIGTERM; fulfilled with the exit code. */
  stop(): Promise<number>;
  readonly ended: Promise<number>;
}

export async function installDefinitions(api: KubeApi): Promise<void> {
  for (const definition of readDefinitions()) await api.apply(customResourceDefinitions, definition, write);
}

export async function aCluster(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'xtrinode-roles-'));
  const embedded = await createEmbeddedApi({ file: ':memory:', clock: systemClock, random: () => 0.5, newUid: randomUUID });
  const { api } = embedded;
  for (const name of [systemNamespace, gatewayNamespace]) {
    await api.apply<KubeObject>(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, write);
  }
  const kubeconfigPath = join(directory, 'kubeconfig');
  const listening = await embedded.listen({ port: 0, certificateDir: directory, kubeconfigPath });
  const running = new Set<RunningRole>();
  t.after(async () => {
    for (const role of running) await role.stop();
    await listening.close();
    await embedded.stop();
    rmSync(directory, { recursive: true });
  });
  return {
    embedded,
    api,
    directory,
    kubeconfigPath,
    /** Starts a role and does not wait for it. */
    start(...args: readonly string[]): RunningRole {
      const role = startRole([...args, '--kubeconfig', kubeconfigPath]);
      running.add(role);
      return role;
    },
  };
}

export function startRole(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningRole {
  const terminal = aTerminal(env);
  const waiting = new Set<() => void>();
  const tell = (): void => waiting.forEach((look) => look());
  const io = {
    ...terminal.io,
    clock: hastyClock,
    out: (text: string) => {
      terminal.io.out(text);
      tell();
    },
    note: (text: string) => {
      terminal.io.note(text);
      tell();
    },
  };
  const ended = runCli(args, io);
  function heard(read: () => string, pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(read());
        if (match === null) return;
        waiting.delete(look);
        resolve(match);
      };
      waiting.add(look);
      look();
      void ended.then((code) => reject(new Error(`it ended with ${code} and said\n${terminal.out()}${terminal.notes()}`)));
    });
  }
  return {
    ended,
    says: (pattern) => heard(terminal.out, pattern),
    notes: (pattern) => heard(terminal.notes, pattern),
    stop() {
      terminal.interrupt();
      return ended;
    },
  };
}
