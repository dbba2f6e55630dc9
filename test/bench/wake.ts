// Our own share of a wake: the gaps that we cause in one run. From the client's POST to the start of the coordinator's
// process, plus from the moment an independent prober's query first works on the coordinator to the first byte of a page of
// that coordinator at the client. Beside it: the whole, and writes at rest.
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/observe/system-clock.ts';
import { silentLog } from '../../src/observe/log.ts';
import { createHttpKubeApi } from '../../src/kube/client/http-kube-api.ts';
import { pods } from '../../src/kube/resources.ts';
import { xtrinodes } from '../../src/apis/v1/resources.ts';
import type { KubeApi } from '../../src/kube/port.ts';
import type { Pod } from '../../src/core/objects.ts';
import type { XTrinode } from '../../src/apis/v1/objects.ts';
import { listEverything } from './rest-writes.ts';
import { median, startUp, type Bench, type RunningUp } from './bench.ts';

const statement = 'SELECT count(*) FROM tpch.tiny.nation';
/** The least that a query can be: it works as early as any can. */
const proberStatement = 'SELECT 1';
const proberPauseMs = 50;
const runtime = { namespace: 'default', name: 'quickstart' };

interface Page {
  readonly id: string;
  readonly nextUri?: string;
  readonly error?: { readonly message: string };
  readonly data?: readonly unknown[];
}

function call(url: string, method: 'GET' | 'POST', body?: string): Promise<{ readonly page: Page; readonly firstByteAt: number }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method, headers: { 'X-Trino-User': 'bench', 'X-Trino-Source': 'bench' }, agent: false, timeout: 60_000 },
      (response) => {
        let text = '';
        let firstByteAt = 0;
        response.on('data', (chunk: Buffer) => {
          firstByteAt ||= Date.now();
          text += chunk.toString();
        });
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode === 200) resolve({ page: JSON.parse(text) as Page, firstByteAt });
          else reject(new Error(`HTTP ${response.statusCode}`));
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Runs a statement; when its first page of a real coordinator and its first row arrived (epoch ms). */
async function runQuery(url: string, statement: string): Promise<{ readonly handedOnAt: number; readonly rowsAt: number }> {
  let answer = await call(`${url}/v1/statement`, 'POST', statement);
  let handedOnAt = 0;
  let rowsAt = 0;
  for (;;) {
    const { page, firstByteAt } = answer;
    if (page.error !== undefined) throw new Error(page.error.message);
    if (!/_0gw[a-z0-9]+$/.test(page.id)) handedOnAt ||= firstByteAt;
    if (page.data !== undefined) rowsAt ||= firstByteAt;
    if (page.nextUri === undefined) return { handedOnAt, rowsAt };
    answer = await call(page.nextUri, 'GET');
  }
}

/** Asks the coordinator itself, from the moment it has an address, until a query works. */
async function probe(api: KubeApi): Promise<number> {
  for (;;) {
    const { items } = await api.list<Pod>(pods, { namespace: 'default', labelSelector: 'app.kubernetes.io/component=coordinator' });
    const ip = items.find(({ metadata }) => metadata.deletionTimestamp === undefined)?.status?.podIP;
    if (ip !== undefined) {
      const worksAt = await runQuery(`http://${ip}:8080`, proberStatement).then(
        ({ rowsAt }) => rowsAt,
        () => undefined,
      );
      if (worksAt !== undefined) return worksAt;
    }
    await delay(proberPauseMs);
  }
}

/** Epoch ms of the start of the newest process whose command line names both. Resolution: a clock tick, 10 ms. */
function processStartedAt(home: string, role: string): number {
  const bootedAt = Number(/^btime (\d+)/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]);
  // btime is in whole seconds: the uptime gives the rest.
  const uptimeMs = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000;
  const exactBootMs = Math.abs(Date.now() - uptimeMs - bootedAt * 1000) < 2_000 ? Date.now() - uptimeMs : bootedAt * 1000;
  let newest = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      if (!command.includes('java') || !command.includes(home) || !readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`-${role}-`))
        continue;
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
      newest = Math.max(newest, exactBootMs + ticks * 10);
    } catch (error) {
      // Gone between the listing and the look.
      if (!['ENOENT', 'ESRCH'].includes(String((error as NodeJS.ErrnoException).code))) throw error;
    }
  }
  return newest;
}

async function until(api: KubeApi, phase: string): Promise<void> {
  for (;;) {
    const object = await api.get<XTrinode>(xtrinodes, runtime);
    const { items } = await api.list<Pod>(pods, { namespace: 'default' });
    if (object?.status?.phase === phase && (phase !== 'Suspended' || items.length === 0)) return;
    await delay(200);
  }
}

async function suspend(api: KubeApi, apiServerUrl: string): Promise<void> {
  await fetch(`${apiServerUrl}/runtimes/${runtime.namespace}/${runtime.name}/suspend`, { method: 'POST' });
  await until(api, 'Suspended');
}

async function measureWake(up: RunningUp, api: KubeApi): Promise<Record<string, number>> {
  await suspend(api, up.state.apiServerUrl);
  await delay(2_000);
  const postedAt = Date.now();
  const [query, worksAt] = await Promise.all([runQuery(up.state.gatewayUrl, statement), probe(api)]);
  const startGapMs = Math.max(0, Math.round(processStartedAt(up.home, 'coordinator') - postedAt));
  const handOverGapMs = Math.max(0, query.handedOnAt - worksAt);
  return {
    startGapMs,
    handOverGapMs,
    ownShareMs: startGapMs + handOverGapMs,
    firstRowMs: query.rowsAt - postedAt,
    proberWorksMs: worksAt - postedAt,
  };
}

/** Everything that was written in a minute in which nobody asked for anything, Leases apart. */
async function writesPerMinute(api: KubeApi): Promise<number> {
  const { objects, resources } = await listEverything(api);
  await delay(60_000);
  const after = await listEverything(api);
  const changed = [...after.objects].filter(([key, version]) => objects.get(key) !== version);
  const gone = [...objects.keys()].filter((key) => !after.objects.has(key));
  if (changed.length + gone.length > 0)
    process.stderr.write(`written at rest: ${[...changed.map(([key]) => key), ...gone].join(', ')} (of ${resources} resources)\n`);
  return changed.length + gone.length;
}

export const benchWake: Bench = {
  defaultRuns: 10,
  async run(count) {
    const up = await startUp([]);
    const api = createHttpKubeApi({ kubeconfigPath: up.state.kubeconfigPath, env: process.env, clock: systemClock, log: silentLog });
    try {
      await until(api, 'Suspended');
      const writesAsleep = await writesPerMinute(api);
      const runs = [];
      for (let run = 0; run < count; run += 1) {
        runs.push(await measureWake(up, api));
        process.stderr.write(`${JSON.stringify(runs.at(-1))}\n`);
      }
      await until(api, 'Ready');
      const writesAwake = await writesPerMinute(api);
      return {
        what: 'wake of the sleeping quickstart runtime (Trino 483, coordinator and one worker) by a first query',
        runs: [...runs, { writesPerMinuteAsleep: writesAsleep, writesPerMinuteAwakeAndIdle: writesAwake }],
        limits: [
          { name: 'our share of the wake, median', value: median(runs.map(({ ownShareMs = 0 }) => ownShareMs)), most: 300, unit: 'ms' },
          { name: 'API writes at rest, asleep', value: writesAsleep, most: 0, unit: 'per minute' },
          { name: 'API writes at rest, awake and idle', value: writesAwake, most: 0, unit: 'per minute' },
        ],
      };
    } finally {
      await api.close();
      await up.stop();
    }
  },
};
