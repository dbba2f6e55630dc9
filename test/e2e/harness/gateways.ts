// Gateways as processes of their own, as many as a test wants, without the launcher of a checkout: a signal to the child reaches the
// gateway itself.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { start, type Child } from './children.ts';
import { root, type Up } from './up.ts';
import { eventually } from './waiting.ts';

export interface GatewayProcess extends Child {
  readonly url: string;
  /** Statements that wait there, and queries whose pages go through it. */
  load(): Promise<{ readonly queued: number; readonly running: number }>;
  /** POSTs of statements that it has answered well. */
  answeredPosts(): Promise<number>;
  /** How it is, for who has to find out what went wrong: its end, and the last lines of its log but those of every day. */
  describe(): string;
}

interface Status {
  readonly runtimes: readonly { readonly queued: number; readonly running: number }[];
}

const lastLines = 12;

export async function startGateway(...args: readonly string[]): Promise<GatewayProcess> {
  const program = [process.execPath, '--disable-warning=ExperimentalWarning', join(root, 'src', 'main.ts')];
  const child = start([...program, 'gateway', '--listen', '127.0.0.1:0', ...args]);
  after(() => child.process.kill('SIGKILL'));
  let end: string | undefined;
  void child.ended.then(({ code, signal }) => (end = `ended with ${code ?? signal}`));
  const url = await eventually('the ready line of a gateway', 60_000, () => {
    if (end !== undefined) throw new Error(`the gateway has ended:\n${child.out()}${child.notes()}`);
    return /^gateway ready: (\S+)$/m.exec(child.out())?.[1];
  });
  const health = /"url":"([^"]+)","msg":"health and metrics are served"/.exec(child.notes())?.[1];
  return {
    ...child,
    url,
    describe() {
      const lines = child
        .notes()
        .split('\n')
        .filter((line) => line !== '' && !line.includes('"level":"info"'));
      return [`${url} ${end ?? 'runs'}`, ...lines.slice(-lastLines).map((line) => line.slice(0, 400))].join('\n');
    },
    async answeredPosts() {
      const text = await (await fetch(`${health}/metrics`)).text();
      return Number(/^xtrinode_gateway_requests_total\{kind="statement",code="2xx"\} (\d+)$/m.exec(text)?.[1] ?? 0);
    },
    async load() {
      const { runtimes } = (await (await fetch(`${health}/status`)).json()) as Status;
      const sum = (of: 'queued' | 'running'): number => runtimes.reduce((total, runtime) => total + runtime[of], 0);
      return { queued: sum('queued'), running: sum('running') };
    },
  };
}

/** One more gateway of a running `up`, beside its own. */
export function startReplica({ home }: Up): Promise<GatewayProcess> {
  const { apiServerUrl = '', kubeconfigPath = '' } = JSON.parse(readFileSync(join(home, 'up.json'), 'utf8')) as Record<string, string>;
  return startGateway('--kubeconfig', kubeconfigPath, '--api-server', apiServerUrl);
}
