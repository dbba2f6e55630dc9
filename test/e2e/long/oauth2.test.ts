// Trino's own OAuth2 login through the gateway, by stock clients, on a real coordinator and with a browser that shares nothing with them:
// by the default route, where only the addresses that the coordinator makes lead each leg to it.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { issueCa, issueServerCertificate } from '#certificates/issue.ts';
import { createFakeIssuer, aSigningKey } from '../../fakes/fake-issuer.ts';
import { createFakeTrino } from '../../fakes/fake-trino.ts';
import { prepareClients, sources } from '../clients/prepare-clients.ts';
import { startBareTrino } from '../harness/bare-trino.ts';
import { finish, start } from '../harness/children.ts';
import { requireTools } from '../harness/tools.ts';
import { aHome, startXtrinode } from '../harness/up.ts';
import { eventually } from '../harness/waiting.ts';

await requireTools();
const clients = await prepareClients();
const issuer = await createFakeIssuer(Date.now);
// Trino takes tokens of RSA keys without being told.
issuer.keys = [aSigningKey('login', 'RS256')];
after(() => issuer.stop());
const another = await createFakeTrino();
after(() => another.stop());

const oauth2 = 'http-server.authentication.oauth2';
const coordinator = await startBareTrino([
  'http-server.authentication.type=oauth2',
  `${oauth2}.issuer=${issuer.issuer}`,
  `${oauth2}.oidc.discovery=false`,
  `${oauth2}.auth-url=${issuer.authorizeUrl}`,
  `${oauth2}.token-url=${issuer.tokenUrl}`,
  `${oauth2}.jwks-url=${issuer.keySetUrl}`,
  `${oauth2}.client-id=trino`,
  `${oauth2}.client-secret=of-a-test`,
]);

const home = aHome();
const authority = join(home, 'ca.crt');

/** The real coordinator is the default; another runtime has a name of its own, and none of this may reach it. */
async function startGateway(): Promise<string> {
  const lifetimeMs = 24 * 60 * 60_000;
  const ca = issueCa({ commonName: 'test authority', nowMs: Date.now(), lifetimeMs });
  const hosts = ['localhost', '127.0.0.1'];
  const { certificate, key } = issueServerCertificate({ commonName: 'gateway', hosts, issuer: ca, nowMs: Date.now(), lifetimeMs });
  const routes = [
    { namespace: 'team', name: 'real', state: 'RUNNING', coordinatorUrl: coordinator, isDefault: true, trinoVersion: 476 },
    { namespace: 'team', name: 'another', state: 'RUNNING', coordinatorUrl: another.url, hosts: ['127.0.0.1'] },
  ];
  const files = { 'ca.crt': ca.certificate, 'tls.crt': certificate, 'tls.key': key, 'routes.json': JSON.stringify(routes) };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(home, name), text);
  const secure = ['--tls-cert', join(home, 'tls.crt'), '--tls-key', join(home, 'tls.key')];
  const child = startXtrinode(['gateway', '--routes', join(home, 'routes.json'), '--listen', '127.0.0.1:0', ...secure]);
  after(() => child.process.kill('SIGTERM'));
  const url = await eventually('the gateway', 30_000, () => /gateway ready: (https:\S+)/.exec(child.out())?.[1], 50);
  return url.replace('127.0.0.1', 'localhost');
}

const server = await startGateway();
const timeout = 5 * 60_000;

// What the machine says of authorities would go before what the client is told.
const env = { ...process.env, REQUESTS_CA_BUNDLE: authority, PYTHONPATH: clients.pythonPath, PYTHONDONTWRITEBYTECODE: '1' };

describe('an OAuth2 login of a real Trino', () => {
  it('lets the Python client in, with a browser of its own [row 44] [row 45] [row 46]', { timeout }, async () => {
    const program = join(sources, 'python', 'run_login.py');
    const { code, out, notes } = await finish(start(['python3', program, server, authority, 'SELECT current_user'], { env }));
    assert.equal(code, 0, notes);
    assert.deepEqual(JSON.parse(out), [['ann']]);
    assert.match(notes, new RegExp(`200 ${server}/rt/team\\.real/oauth2/callback`));
    assert.equal(issuer.calls.filter((path) => path === '/token').length, 1);
    assert.deepEqual(
      another.calls.filter(({ path }) => path.includes('oauth2')),
      [],
    );
  });

  it('lets the CLI in, with the address that it prints opened elsewhere [row 44] [row 45]', { timeout }, async () => {
    const trust = ['--truststore-path', authority, '--external-authentication', '--external-authentication-redirect-handler', 'PRINT'];
    const ask = ['--output-format', 'JSON', '--execute', 'SELECT current_user AS who'];
    const cli = start([clients.java, '-jar', clients.cliJar, '--server', server, ...trust, '--user', 'ann', ...ask]);
    cli.process.stdin?.end();
    const said = (): string => cli.out() + cli.notes();
    const address = await eventually('the address to log in', 60_000, () => /https:\S+\/initiate\/\w+/.exec(said())?.[0], 50);
    const browser = start(['python3', '-c', 'import requests, sys; print(requests.get(sys.argv[1]).status_code)', address], { env });
    assert.equal((await finish(browser)).out.trim(), '200', said());
    assert.deepEqual([(await cli.ended).code, /\{"who":"ann"\}/.exec(cli.out())?.[0]], [0, '{"who":"ann"}'], said());
  });
});
