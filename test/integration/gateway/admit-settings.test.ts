// The settings of the phase "admit" on a gateway started as a user does it: all of them at once, before a coordinator of its own.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { runCli } from '#cli/program.ts';
import { createFakeIssuer } from '../../fakes/fake-issuer.ts';
import { aTerminal } from '../../fakes/terminal.ts';
import { annsKey } from './admit.ts';
import { legsOf } from './login-setup.ts';
import { aTrino, linesOf, send, type Answer, type Page } from './setup.ts';

async function aGateway(t: TestContext, directory: string, ...flags: readonly string[]) {
  const terminal = aTerminal({});
  const ended = runCli(['gateway', '--routes', join(directory, 'routes.yaml'), '--listen', '127.0.0.1:0', ...flags], terminal.io);
  t.after(async () => {
    terminal.interrupt();
    assert.equal(await ended, 0);
  });
  while (!terminal.out().includes('\n')) await new Promise((resolve) => setImmediate(resolve));
  const port = Number(/^gateway ready: http:\/\/127\.0\.0\.1:(\d+)\n$/.exec(terminal.out())?.[1]);
  const post = (...headers: readonly string[]): Promise<Answer> => send(port, 'POST', '/v1/statement', { headers, body: 'SELECT 1' });
  const follow = async (page: Page): Promise<Page> => {
    let last = page;
    while (last.nextUri !== undefined) last = (await send(port, 'GET', last.nextUri.replace(/^http:\/\/[^/]+/, ''))).page;
    return last;
  };
  return { port, terminal, post, follow };
}

function aDirectory(t: TestContext, files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'xtrinode-admit-'));
  t.after(() => rmSync(directory, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
}

describe('xtrinode gateway', () => {
  it('that is given keys, an issuer, access rules and a rate keeps to all of them', async (t) => {
    const trino = await aTrino(t);
    const issuer = await createFakeIssuer(Date.now);
    t.after(() => issuer.stop());
    const directory = aDirectory(t, {
      'routes.yaml': `- {namespace: team, name: a, state: RUNNING, isDefault: true, coordinatorUrl: '${trino.url}'}\n- {namespace: team, name: b, state: PAUSED}\n`,
      keys: `ann: "${annsKey}"\n`,
      'access.yaml': '- groups: [analysts]\n  users: [ann]\n  runtimes: [team/a]\n',
    });
    const settings = ['--api-keys-file', join(directory, 'keys'), '--jwt-issuer', issuer.issuer, '--jwt-audience', 'trino'];
    const more = ['--access', join(directory, 'access.yaml'), '--rate-per-user', '2/1h'];
    const { port, terminal, post, follow } = await aGateway(t, directory, ...settings, ...more);
    assert.equal((await send(port, 'GET', '/readyz')).status, 200);
    assert.match(terminal.notes(), /"ids":\["ann"\],"msg":"API keys can be read where they are stored/);

    assert.equal((await post()).status, 401);
    assert.equal((await post('X-API-Key', `${annsKey}x`)).status, 401);
    const token = `Bearer ${issuer.token({ sub: 'bob', groups: ['analysts'] })}`;
    assert.deepEqual((await follow((await post('Authorization', token)).page)).data, [[1]]);
    assert.deepEqual((await follow((await post('X-API-Key', annsKey)).page)).data, [[1]]);
    const named = trino.calls.filter(({ method, rawHeaders }) => method === 'POST' && linesOf(rawHeaders, 'x-trino-source').length === 0);
    assert.deepEqual(
      named.flatMap(({ rawHeaders }) => linesOf(rawHeaders, 'x-trino-user')).filter((line) => /ann|bob/.test(line)),
      ['X-Trino-User: bob', 'X-Trino-User: ann'],
    );
    const eve = `Bearer ${issuer.token({ sub: 'eve' })}`;
    assert.match((await follow((await post('Authorization', eve)).page)).error?.message ?? '', /eve may not use runtime team\/a/);
    const toB = ['X-API-Key', annsKey, 'X-Trino-XTrinode', 'team/b'];
    assert.match((await follow((await post(...toB)).page)).error?.message ?? '', /ann may not use runtime team\/b/);
    assert.deepEqual((await follow((await post('X-API-Key', annsKey)).page)).data, [[1]]);
    assert.match((await follow((await post('X-API-Key', annsKey)).page)).error?.message ?? '', /too many statements of user ann/);
    for (const secret of [annsKey, token.slice(-40)]) assert.ok(!terminal.notes().includes(secret));
  });

  it('that is told how many may wait for a runtime refuses one more, and says so', async (t) => {
    const directory = aDirectory(t, { 'routes.yaml': '- {namespace: team, name: a, state: RESUMING, isDefault: true}\n' });
    const { post, follow } = await aGateway(t, directory, '--max-waiting', '2');
    const waiting = await Promise.all([post('X-Trino-User', 'ann'), post('X-Trino-User', 'ann')]);
    for (const { page } of waiting) assert.equal(page.error, undefined);
    const refused = await follow((await post('X-Trino-User', 'bob')).page);
    assert.match(refused.error?.message ?? '', /2 statements already wait for team\/a/);
  });

  it('that is given a client of an issuer lets people log in there, with the secret from its file', async (t) => {
    const issuer = await createFakeIssuer(Date.now);
    t.after(() => issuer.stop());
    issuer.clientSecret = 'of-a-test';
    const directory = aDirectory(t, {
      'routes.yaml': '- {namespace: team, name: a, state: PAUSED, isDefault: true}\n',
      secret: 'of-a-test\n',
    });
    const client = ['--login-client-id', 'trino', '--login-client-secret-file', join(directory, 'secret')];
    const { port, post, follow } = await aGateway(t, directory, '--jwt-issuer', issuer.issuer, '--jwt-audience', 'trino', ...client);
    const { initiate, poll } = legsOf(await post());
    const pathOf = (address: string | undefined): string => (address ?? '').replace(/^http:\/\/[^/]+/, '');
    const polled = send(port, 'GET', pathOf(poll));
    const toIssuer = await send(port, 'GET', pathOf(initiate));
    const back = await fetch(toIssuer.headers.location ?? '', { redirect: 'manual' });
    assert.equal((await send(port, 'GET', pathOf(back.headers.get('location') ?? ''))).status, 200);
    const { token = '' } = JSON.parse((await polled).text) as { readonly token?: string };
    assert.match(
      (await follow((await post('Authorization', `Bearer ${token}`)).page)).error?.message ?? '',
      /team\/a cannot start: it is PAUSED/,
    );
  });

  it('says that it authenticates nobody, where it does not', async (t) => {
    const { terminal } = await aGateway(t, aDirectory(t, { 'routes.yaml': '' }));
    assert.match(terminal.notes(), /the gateway authenticates nobody: credentials pass through/);
  });

  it('that is given a file in a directory that is not there says so and ends', async (t) => {
    const directory = aDirectory(t, { 'routes.yaml': '' });
    const terminal = aTerminal({});
    const flags = [
      'gateway',
      '--routes',
      join(directory, 'routes.yaml'),
      '--listen',
      '127.0.0.1:0',
      '--api-keys-file',
      '/nonexistent/keys',
    ];
    assert.equal(await runCli(flags, terminal.io), 1);
    assert.match(terminal.notes(), /cannot follow the file of --api-keys-file.*there is no directory \/nonexistent/s);
  });
});
