// A login of the gateway's own, by stock clients: two gateways behind a plain TCP balancer, a runtime that sleeps through it, and a
// browser that shares nothing with the client. The runtime wakes for the first statement that has a token, on real Trino.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { issueCa, issueServerCertificate } from '#certificates/issue.ts';
import { createFakeIssuer } from '../../fakes/fake-issuer.ts';
import { prepareClients, sources } from '../clients/prepare-clients.ts';
import { openBalancer } from '../harness/balancer.ts';
import { finish, start, type Child } from '../harness/children.ts';
import { startGateway } from '../harness/gateways.ts';
import { javaProcesses } from '../harness/processes.ts';
import { aRuntime } from '../harness/runtimes.ts';
import { requireTools } from '../harness/tools.ts';
import { aHome, startUp } from '../harness/up.ts';
import { eventually } from '../harness/waiting.ts';

await requireTools();
const clients = await prepareClients();
const issuer = await createFakeIssuer(Date.now);
issuer.clientSecret = 'of-a-test';
after(() => issuer.stop());
const up = await startUp({ args: ['--no-quickstart'] });
await up.apply(aRuntime('asleep', { routing: '{ default: true }' }));
await up.until('asleep', 'Suspended', 20_000);

const lifetimeMs = 24 * 60 * 60_000;
const ca = issueCa({ commonName: 'test authority', nowMs: Date.now(), lifetimeMs });
const pair = issueServerCertificate({ commonName: 'gateway', hosts: ['localhost'], issuer: ca, nowMs: Date.now(), lifetimeMs });
const files = { 'ca.crt': ca.certificate, 'tls.crt': pair.certificate, 'tls.key': pair.key, secret: 'of-a-test\n' };
// Not in that of the system: Java processes are known by it.
const directory = aHome();
for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
const authority = join(directory, 'ca.crt');

const { apiServerUrl = '', kubeconfigPath = '' } = JSON.parse(readFileSync(join(up.home, 'up.json'), 'utf8')) as Record<string, string>;
const ofGateway = [
  ...['--kubeconfig', kubeconfigPath, '--api-server', apiServerUrl],
  ...['--tls-cert', join(directory, 'tls.crt'), '--tls-key', join(directory, 'tls.key')],
  ...['--jwt-issuer', issuer.issuer, '--jwt-audience', 'trino'],
  ...['--login-client-id', 'trino', '--login-client-secret-file', join(directory, 'secret')],
];
const gateways = await Promise.all([startGateway(...ofGateway), startGateway(...ofGateway)]);
const balancer = await openBalancer(gateways.map(({ url }) => url));
after(() => balancer.close());
const server = `https://localhost:${balancer.port}`;

const env = { ...process.env, REQUESTS_CA_BUNDLE: authority, PYTHONPATH: clients.pythonPath, PYTHONDONTWRITEBYTECODE: '1' };
const timeout = 5 * 60_000;

/** Of all logins so far, by either gateway. */
function loginTimes(): readonly string[] {
  const lines = gateways.flatMap(({ notes }) => notes().split('\n')).filter((line) => line.includes('"msg":"logged in"'));
  return lines.map((line) => (JSON.parse(line) as { readonly time: string }).time).toSorted();
}

async function assertAsleep(): Promise<void> {
  assert.equal((await up.runtime('asleep')).status?.phase, 'Suspended');
  assert.deepEqual(javaProcesses(up.home), []);
}

/** By the client's own statement, which came after its login. */
async function assertWokenByDemand(): Promise<void> {
  const { lifecycle } = (await up.runtime('asleep')).status ?? {};
  assert.equal(lifecycle?.cause, 'Demand');
  assert.ok((lifecycle?.decidedAt ?? '') >= (loginTimes().at(-1) ?? '').slice(0, 19), `${lifecycle?.decidedAt}, ${loginTimes().join()}`);
}

/** Without input, and gone with the tests. */
function startClient(...command: readonly string[]): Child {
  const client = start([clients.java, ...command]);
  client.process.stdin?.end();
  after(() => client.process.kill('SIGKILL'));
  return client;
}

/** The address that the client prints is opened by a browser elsewhere; the end of the browser's way. */
async function logIn(client: Child): Promise<string> {
  const said = (): string => client.out() + client.notes();
  const address = await eventually('the address to log in', 60_000, () => /https:\S+\/initiate\/[\w.-]+/.exec(said())?.[0], 50);
  const program = 'import requests, sys; answer = requests.get(sys.argv[1]); print(answer.status_code, answer.url.split("?")[0])';
  return (await finish(start(['python3', '-c', program, address], { env }))).out.trim();
}

describe('a login of the gateway’s own, on real Trino', () => {
  it('lets the Python client in while the runtime sleeps, which wakes for its statement [row 49]', { timeout }, async () => {
    await assertAsleep();
    const program = join(sources, 'python', 'run_login.py');
    const { code, out, notes } = await finish(start(['python3', program, server, authority, 'SELECT current_user'], { env }));
    assert.equal(code, 0, notes);
    assert.deepEqual(JSON.parse(out), [['ann']]);
    assert.match(notes, new RegExp(`200 ${server}/oauth2/callback`));
    assert.equal(loginTimes().length, 1);
    await assertWokenByDemand();
  });

  it('lets JDBC in, by the address that it prints', { timeout }, async () => {
    const settings = [
      'SSL=true',
      `SSLTrustStorePath=${authority}`,
      'externalAuthentication=true',
      'externalAuthenticationRedirectHandlers=PRINT',
    ];
    const address = `${server.replace('https://', '')}?${settings.join('&')}`;
    const jdbc = startClient('-cp', clients.jdbcClassPath, 'RunQuery', address, 'ann', 'SELECT current_user');
    assert.equal(await logIn(jdbc), `200 ${server}/oauth2/callback`, jdbc.notes());
    assert.deepEqual([(await jdbc.ended).code, jdbc.out().includes('[["ann"]]')], [0, true], jdbc.out() + jdbc.notes());
  });

  it('lets the CLI in while the runtime sleeps, and nothing wakes before somebody has logged in [row 49]', { timeout }, async () => {
    const slept = await up.xtrinode('suspend', 'asleep', '--wait', '--timeout', '60s');
    assert.equal(slept.code, 0, slept.notes);
    const trust = ['--truststore-path', authority, '--external-authentication', '--external-authentication-redirect-handler', 'PRINT'];
    const ask = ['--output-format', 'JSON', '--execute', 'SELECT current_user AS who'];
    const cli = startClient('-jar', clients.cliJar, '--server', server, ...trust, '--user', 'ann', ...ask);
    const before = balancer.connectionsTo(gateways[0].url);
    // It has been challenged, and polls at one gateway after the other.
    await eventually(
      'polls at either gateway',
      60_000,
      () => (balancer.connectionsTo(gateways[0].url) > before + 1 ? true : undefined),
      50,
    );
    await assertAsleep();
    assert.equal(await logIn(cli), `200 ${server}/oauth2/callback`, cli.notes());
    assert.deepEqual([(await cli.ended).code, /\{"who":"ann"\}/.exec(cli.out())?.[0]], [0, '{"who":"ann"}'], cli.out() + cli.notes());
    await assertWokenByDemand();
    assert.equal(issuer.calls.filter((path) => path === '/token').length, 3);
  });
});
