// XTrinode on a real Kubernetes, installed and run as the documentation says: definitions and permissions through kubectl, each role
// a process of its own with a user that has exactly the generated permissions.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import type { XTrinode } from '#apis/v1/objects.ts';
import { startRealCluster } from '../../../tools/real-cluster/start-real-cluster.ts';
import { finish, start, type Child, type Finished } from '../harness/children.ts';
import { javaProcesses } from '../harness/processes.ts';
import { aHome, root } from '../harness/up.ts';
import { eventually } from '../harness/waiting.ts';

const roles = ['operator', 'api-server', 'gateway', 'node'] as const;
export type Role = (typeof roles)[number];

export interface RunningRole {
  readonly pid: number;
  /** What its ready line says it is reached at. */
  readonly url: string;
  isRunning(): boolean;
  notes(): string;
  /** SIGTERM; its exit code. */
  stop(): Promise<number | null>;
  /** kill -9 */
  kill(): Promise<void>;
}

export interface Installation {
  /** Files of the Pods are below it. */
  readonly home: string;
  kubectl(...args: readonly string[]): Promise<Finished>;
  apply(manifest: string): Promise<void>;
  /** As the administrator. */
  xtrinode(...args: readonly string[]): Promise<Finished>;
  start(role: Role, ...args: readonly string[]): Promise<RunningRole>;
  until(namespace: string, name: string, phase: string, isThere?: (runtime: XTrinode) => boolean): Promise<XTrinode>;
  /** `user verb resource: message` of every call of a role that was refused for want of a permission. */
  refusedCalls(): readonly string[];
  /** Every call of a role that the API server has answered, in the order of the answers. */
  calls(): readonly RoleCall[];
  /** Kills the API server; what is returned starts it again, and waits until it is ready. */
  interruptApiServer(): Promise<() => Promise<void>>;
}

export interface RoleCall {
  readonly role: string;
  readonly verb: string;
  /** Path and query. */
  readonly uri: string;
  readonly code: number;
  readonly message: string;
}

const readyWithinMs = 120_000;
const phaseWithinMs = 180_000;

interface AuditEvent {
  readonly user?: { readonly username?: string };
  readonly verb?: string;
  readonly requestURI?: string;
  readonly responseStatus?: { readonly code?: number; readonly message?: string };
}

/** Without the launcher of a checkout: a signal to the child is one to the program. */
function startProgram(args: readonly string[]): Child {
  const { KUBECONFIG: _kubeconfig, XTRINODE_HOME: _home, ...env } = process.env;
  return start([process.execPath, '--disable-warning=ExperimentalWarning', join(root, 'src', 'main.ts'), ...args], { env });
}

/** Serves these namespaces, which are made. */
export async function install(namespaces: readonly string[]): Promise<Installation> {
  const home = aHome();
  const running = new Set<Child>();
  // Some clusters (OpenShift) ask whoever makes an owned object for a right on its owner; the roles have it.
  const cluster = await startRealCluster({ apiServerArguments: ['--enable-admission-plugins=OwnerReferencesPermissionEnforcement'] });
  after(async () => {
    for (const child of running) child.process.kill('SIGTERM');
    for (const child of running) await child.ended;
    await cluster.stop();
    assert.deepEqual(javaProcesses(home), []);
  });
  const as = (user: string): string => (user === 'admin' ? cluster.kubeconfigPath : cluster.kubeconfigFor(user));
  const kubectl = (args: readonly string[], stdin?: string): Promise<Finished> =>
    finish(start([cluster.kubectl, '--kubeconfig', cluster.kubeconfigPath, ...args]), stdin);
  const xtrinode = (args: readonly string[]): Promise<Finished> => finish(startProgram(args));

  /** `kubectl apply --server-side -f -`, as the documentation has it behind a pipe. */
  async function pipe(manifest: Finished): Promise<void> {
    assert.equal(manifest.code, 0, manifest.notes);
    const { code, notes } = await kubectl(['apply', '--server-side', '-f', '-'], manifest.out);
    assert.equal(code, 0, notes);
  }

  for (const name of namespaces.filter((namespace) => namespace !== 'default')) await kubectl(['create', 'namespace', name]);
  await pipe(await xtrinode(['crds']));
  for (const role of roles) {
    await pipe(await xtrinode(['rbac', '--role', role, '--user', role, '--serve', ...namespaces]));
  }
  await eventually('the definitions', 30_000, async () => (await kubectl(['get', 'tn', '-A'])).code === 0);

  async function startRole(role: Role, args: readonly string[]): Promise<RunningRole> {
    const child = startProgram([role, '--kubeconfig', as(role), '--log-format', 'text', ...args]);
    running.add(child);
    let hasEnded = false;
    const ended = child.ended.finally(() => {
      hasEnded = true;
      running.delete(child);
    });
    const [, url = ''] = await eventually(`the ready line of ${role}`, readyWithinMs, () => {
      if (hasEnded) throw new Error(`${role} has ended:\n${child.out()}${child.notes()}`);
      return /^[a-z-]+ ready: (.*)\n/.exec(child.out()) ?? undefined;
    });
    return {
      pid: child.pid,
      url,
      isRunning: () => !hasEnded,
      notes: child.notes,
      async stop() {
        child.process.kill('SIGTERM');
        return (await ended).code;
      },
      async kill() {
        process.kill(child.pid, 'SIGKILL');
        await ended;
      },
    };
  }

  return {
    home,
    kubectl: (...args) => kubectl(args),
    xtrinode: (...args) => xtrinode([...args, '--kubeconfig', cluster.kubeconfigPath]),
    start: (role, ...args) => startRole(role, args),
    async apply(manifest) {
      const { code, notes } = await kubectl(['apply', '-f', '-'], manifest);
      assert.equal(code, 0, notes);
    },
    async until(namespace, name, phase, isThere = ({ status }) => status?.phase === phase) {
      let last: XTrinode | undefined;
      const look = async (): Promise<XTrinode | undefined> => {
        const { out, notes } = await kubectl(['-n', namespace, 'get', 'tn', name, '-o', 'json']);
        assert.notEqual(out, '', notes);
        last = JSON.parse(out) as XTrinode;
        return isThere(last) ? last : undefined;
      };
      return eventually(`${namespace}/${name}: ${phase}`, phaseWithinMs, look, 300).catch((error: unknown) => {
        throw new Error(`${String(error)}; its status: ${JSON.stringify(last?.status, undefined, 1)}`, { cause: error });
      });
    },
    refusedCalls: () =>
      readCalls(cluster.auditLogPath)
        .filter(({ code }) => code === 403)
        .map(({ role, verb, uri, message }) => `${role} ${verb} ${uri}: ${message}`),
    calls: () => readCalls(cluster.auditLogPath),
    interruptApiServer: () => cluster.interruptApiServer(),
  };
}

function readCalls(auditLogPath: string): readonly RoleCall[] {
  const calls: RoleCall[] = [];
  for (const line of readFileSync(auditLogPath, 'utf8').split('\n')) {
    // The last line of a server that was killed may be half written.
    if (!line.endsWith('}')) continue;
    const { user, verb = '', requestURI: uri = '', responseStatus } = JSON.parse(line) as AuditEvent;
    const role = roles.find((name) => name === user?.username);
    if (role !== undefined) calls.push({ role, verb, uri, code: responseStatus?.code ?? 0, message: responseStatus?.message ?? '' });
  }
  return calls;
}
