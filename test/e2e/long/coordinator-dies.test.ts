// One of two coordinators of a routing group is killed while stock clients read from both: through the gateway of `up`, whom the operator
// tells what becomes of it, and through one that runs from a file and finds out by itself.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createClients, user } from '../clients/clients.ts';
import { createSessions, type SessionClient } from '../clients/sessions.ts';
import { startGateway } from '../harness/gateways.ts';
import { longResult, longRows, slowLine } from '../harness/long-result.ts';
import { javaProcesses } from '../harness/processes.ts';
import { aRuntime } from '../harness/runtimes.ts';
import { openTap, type Tap } from '../harness/tap.ts';
import { startUp } from '../harness/up.ts';
import { eventually } from '../harness/waiting.ts';

const changeMs = 4 * 60_000;
/** Long before a coordinator that never comes back is given up. */
const promptMs = 60_000;
const saysWhy = /query \w+ is lost: .*Run it again/;
/** A page that was on its way cannot be made an error any more: its connection breaks. How each client says so. */
const brokeOff = /ended prematurely|unexpected end of stream|unexpected EOF|connection reset|aborted|hang up/i;
const coordinatorOf = 'SELECT node_id FROM system.runtime.nodes WHERE coordinator';

const [clients, sessions] = [await createClients(), await createSessions()];
const up = await startUp({ args: ['--no-quickstart'] });
const options = { suspended: false, autoSuspendAfter: '30m' };
const names = ['dies', 'lives'] as const;
await up.apply(
  names
    .map((name) => aRuntime(name, { ...options, routing: `{ routingGroup: pair, capacityUnits: 1, default: ${name === 'dies'} }` }))
    .join(''),
);
const [dies, lives] = (await Promise.all(names.map((name) => up.until(name, 'Ready', changeMs)))).map(({ status }) => ({
  url: status?.coordinator?.url ?? '',
  instance: status?.coordinator?.instance ?? '',
}));
assert.ok(dies !== undefined && lives !== undefined);

const routes = join(up.home, 'routes.yaml');
const entry = (name: string, url: string): string =>
  `- { namespace: file, name: ${name}, routingGroup: pair, state: RUNNING, isDefault: true, trinoVersion: 483, coordinatorUrl: "${url}" }\n`;
writeFileSync(routes, entry('dies', dies.url) + entry('lives', lives.url));
const fromFile = await startGateway('--routes', routes);
const gateways = { up: up.gatewayUrl, file: fromFile.url } as const;
type GatewayName = keyof typeof gateways;
/** They begin one after the other and take turns at the coordinators: so each client has a query at either. */
const readers: Readonly<Record<GatewayName, readonly SessionClient[]>> = {
  up: ['jdbc', 'python', 'javascript', 'go'],
  file: ['python', 'jdbc', 'go', 'javascript'],
};

interface ReadEnd {
  readonly mark: string;
  readonly count?: number;
  readonly error?: string;
  readonly at: number;
}

async function read(client: SessionClient, tap: Tap, mark: string): Promise<ReadEnd> {
  const [answer] = await sessions.run(client, { url: tap.url, user }, [{ kind: 'digest', text: longResult(mark) }]);
  return { mark, ...answer, at: performance.now() };
}

/** Marks of the readers that a coordinator has. */
async function readersOf(url: string): Promise<readonly string[]> {
  const listed = await fetch(`${url}/v1/query?state=RUNNING`, { headers: { 'X-Trino-User': user } });
  return ((await listed.json()) as { readonly query: string }[]).flatMap(({ query }) => / AS (reads_\w+)/.exec(query)?.[1] ?? []);
}

/** The coordinator that a new statement comes to, in the words of Trino. */
async function coordinatorOfNew(url: string): Promise<string> {
  const { rows, notes } = await clients.query('go', url, coordinatorOf);
  assert.ok(rows !== undefined, notes);
  return rows.join();
}

describe('a coordinator of a routing group is killed', () => {
  const taps: Tap[] = [];
  const ends: Promise<ReadEnd>[] = [];
  const ended: ReadEnd[] = [];
  let lost: readonly string[];
  let killedAt: number;
  let survivor: string;

  after(() => taps.forEach((tap) => tap.close()));

  before(async () => {
    survivor = (await clients.query('go', lives.url, coordinatorOf)).rows?.join() ?? '';
    const begin = async (name: GatewayName): Promise<void> => {
      const tap = await openTap(gateways[name], slowLine);
      taps.push(tap);
      for (const client of readers[name]) {
        const mark = `reads_${name}_${client}`;
        const end = read(client, tap, mark);
        ends.push(end);
        void end.then((one) => ended.push(one));
        const hasBegun = async (): Promise<boolean> => [...(await readersOf(dies.url)), ...(await readersOf(lives.url))].includes(mark);
        await eventually(`${mark} has begun`, changeMs, hasBegun, 50);
      }
    };
    await Promise.all([begin('up'), begin('file')]);
    lost = await readersOf(dies.url);
    assert.ok(lost.length > 0 && lost.length < ends.length, `${lost.length} of ${ends.length} read from the one that dies`);
    const [podUid = ''] = dies.instance.split('/');
    const java = javaProcesses(up.home).find(({ command }) => command.includes(podUid));
    killedAt = performance.now();
    process.kill(java?.pid ?? 0, 'SIGKILL');
  });

  it('new statements run at the other one meanwhile', async (t) => {
    const asking = Object.entries(gateways).map(async ([name, url]) => {
      assert.equal(await coordinatorOfNew(url), survivor);
      t.diagnostic(`${name}: an answer ${Math.round(performance.now() - killedAt)} ms after the kill`);
    });
    await Promise.all(asking);
  });

  it('its queries end soon, with an error of Trino’s kind that says why [row 87]', async (t) => {
    await eventually('the end of what it ran', promptMs, () => ended.length >= lost.length);
    for (const { mark, at, error } of ended) t.diagnostic(`${mark}: ${Math.round(at - killedAt)} ms after the kill: ${error}`);
    assert.deepEqual(ended.map(({ mark }) => mark).toSorted(), lost.toSorted());
    for (const { error = '' } of ended) assert.ok(saysWhy.test(error) || brokeOff.test(error), error);
    assert.ok(
      ended.some(({ error = '' }) => saysWhy.test(error)),
      'not every page was on its way',
    );
  });

  it('when it is back, it takes statements again', async () => {
    await up.until('dies', 'back', changeMs, ({ status }) => status?.phase === 'Ready' && status.coordinator?.instance !== dies.instance);
    for (const url of Object.values(gateways))
      await eventually('a statement there', changeMs, async () => (await coordinatorOfNew(url)) !== survivor);
    assert.match(fromFile.notes(), /a coordinator does not answer; new statements avoid it[^]*a coordinator answers again/);
  });

  it('and who reads from the other one all the time gets every row', async () => {
    for (const tap of taps) tap.hurry();
    const whole = (await Promise.all(ends)).filter(({ mark }) => !lost.includes(mark));
    assert.deepEqual(
      whole.map(({ count, error }) => ({ count, error })),
      whole.map(() => ({ count: longRows, error: undefined })),
    );
    assert.equal(whole.length + lost.length, ends.length);
  });
});
