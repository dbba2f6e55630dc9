import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, flagOf, resolveConfig, variableOf } from './resolve.ts';
import { findGatewayProblem, gatewaySettings, roleSettings } from './roles.ts';
import { choice, duration, formatDefault, listenAddress, onOff, optional, rate, required, setting, text, urls } from './setting.ts';

const settings = {
  leaseDuration: setting(duration, 'how long', 15_000),
  listen: setting(listenAddress, 'where', { host: '127.0.0.1', port: 0 }),
  offline: setting(onOff, 'fetch nothing', false),
  apiServer: optional(urls, 'whom to ask'),
  logFormat: setting(choice('json', 'text'), 'form', 'json'),
};

interface Given {
  readonly flags?: Record<string, string>;
  readonly env?: Record<string, string>;
  readonly file?: unknown;
}

function resolve({ flags = {}, env = {}, file }: Given) {
  return resolveConfig('operator', settings, { flags, env, ...(file === undefined ? {} : { file: { path: 'o.yaml', content: file } }) });
}

function refusal(given: Given): string {
  try {
    resolve(given);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
  throw new Error('it was taken');
}

test('a flag goes before the environment, that before the file, that before the default', () => {
  const flags = { leaseDuration: '1s' };
  const env = { XTRINODE_OPERATOR_LEASE_DURATION: '2s' };
  const file = { leaseDuration: '3s' };
  const chosen = [{ flags, env, file }, { env, file }, { file }, {}].map((given) => resolve(given).leaseDuration);
  assert.deepEqual(chosen, [1_000, 2_000, 3_000, 15_000]);
});

test('every kind is read into its type, from text and from YAML values', () => {
  const config = resolve({
    flags: { listen: '[::1]:8080', apiServer: 'http://a:1/, https://b' },
    env: { XTRINODE_OPERATOR_OFFLINE: 'on' },
    file: { logFormat: 'text' },
  });
  assert.deepEqual(config, {
    leaseDuration: 15_000,
    listen: { host: '::1', port: 8080 },
    offline: true,
    apiServer: ['http://a:1', 'https://b'],
    logFormat: 'text',
  });
  const file = { offline: true, apiServer: ['http://a', 'http://b'], listen: 9000 };
  const fromFile = resolve({ file });
  assert.deepEqual(
    [fromFile.offline, fromFile.apiServer, fromFile.listen],
    [true, ['http://a', 'http://b'], { host: '127.0.0.1', port: 9000 }],
  );
  assert.ok(Object.isFrozen(config));
});

test('an address without a host means every address, a bare port this machine alone', () => {
  assert.deepEqual(resolve({ flags: { listen: ':80' } }).listen, { host: '0.0.0.0', port: 80 });
  assert.deepEqual(resolve({ flags: { listen: '80' } }).listen, { host: '127.0.0.1', port: 80 });
  assert.match(refusal({ flags: { listen: 'localhost:65536' } }), /^--listen: "localhost:65536" is not usable: expected an address/);
});

test('every mistake is named at once, with where it was made and what was meant', () => {
  const message = refusal({
    flags: { leaseDuration: 'soon' },
    env: { XTRINODE_OPERATOR_OFLINE: 'on', XTRINODE_OPERATOR_LOG_FORMAT: 'xml', XTRINODE_GATEWAY_LISTEN: 'x' },
    file: { leaseDuratoin: '3s', listen: { port: 1 }, somethingElse: 1 },
  });
  assert.deepEqual(message.split('\n  '), [
    'o.yaml: leaseDuratoin is not a setting of the operator; did you mean leaseDuration?',
    'o.yaml: somethingElse is not a setting of the operator (xtrinode operator --help lists them)',
    'environment: XTRINODE_OPERATOR_OFLINE is not a setting of the operator; did you mean XTRINODE_OPERATOR_OFFLINE?',
    '--lease-duration: "soon" is not usable: expected a duration above zero, for example 300ms, 15s or 5m',
    'o.yaml: listen: expected one value or a list of them',
    'XTRINODE_OPERATOR_LOG_FORMAT: "xml" is not usable: expected one of json, text',
  ]);
});

test('what Kubernetes puts into the environment for a Service of the same name is nobody’s mistake', () => {
  const env = {
    XTRINODE_OPERATOR_PORT: 'tcp://10.0.0.1:8080',
    XTRINODE_OPERATOR_SERVICE_HOST: '10.0.0.1',
    XTRINODE_OPERATOR_SERVICE_PORT_METRICS: '8080',
    XTRINODE_OPERATOR_PORT_8080_TCP_ADDR: '10.0.0.1',
    XTRINODE_OPERATOR_CONFIG: 'o.yaml',
  };
  assert.equal(resolve({ env }).offline, false);
});

test('a setting without a default has to be given', () => {
  const needs = { name: required(text, 'name of the Node') };
  assert.throws(() => resolveConfig('node', needs, { flags: {}, env: {} }), /^ConfigError: --name is needed: name of the Node$/);
  assert.equal(resolveConfig('node', needs, { flags: { name: 'a' }, env: {} }).name, 'a');
});

test('no setting of a role is hidden by the variables that Kubernetes makes, and every default is its own text read again', () => {
  for (const [role, table] of Object.entries(roleSettings)) {
    for (const [key, setting] of Object.entries(table)) {
      const written = formatDefault(setting);
      assert.doesNotMatch(variableOf(role, key), /_PORT$|_SERVICE_/);
      assert.match(flagOf(key), /^--[a-z][a-z-]+$/);
      if (written !== undefined) assert.deepEqual(setting.kind.parse(written), setting.default, `${role} ${key}`);
    }
  }
});

test('a rate is a count and the time in which it is refilled', () => {
  for (const [text, expected] of [
    ['20/1s', { count: 20, periodMs: 1_000 }],
    ['600/1m', { count: 600, periodMs: 60_000 }],
    ['0/1s', undefined],
    ['20', undefined],
    ['20/0s', undefined],
    ['100000/1s', undefined],
  ] as const)
    assert.deepEqual(rate.parse(text), expected, text);
  assert.equal(rate.format({ count: 600, periodMs: 60_000 }), '600/1m');
});

test('who the gateway authenticates is said whole, or refused with what is missing', () => {
  const problemOf = (flags: Record<string, string>): string | undefined =>
    findGatewayProblem(resolveConfig('gateway', gatewaySettings, { flags: { routes: 'r', ...flags }, env: {} }));
  const issuer = { jwtIssuer: 'https://login.example.com/', jwtAudience: 'trino' };
  assert.equal(problemOf({ ...issuer, apiKeysFile: 'k', impersonators: 'a,b', access: 'f' }), undefined);
  assert.match(problemOf({ jwtIssuer: issuer.jwtIssuer }) ?? '', /needs --jwt-audience/);
  assert.match(problemOf({ jwtAudience: 'trino' }) ?? '', /go with --jwt-issuer/);
  assert.match(problemOf({ apiKeysSecret: 'on' }) ?? '', /needs a cluster/);
  assert.match(problemOf({ impersonators: 'a' }) ?? '', /--impersonators is for a gateway that authenticates/);
  assert.match(problemOf({ access: 'f' }) ?? '', /--access is for a gateway that authenticates/);
  assert.throws(() => problemOf({ ...issuer, jwtIssuer: 'http://login.example.com' }), /expected a URL with https/);
  assert.equal(problemOf({ ...issuer, jwtIssuer: 'http://127.0.0.1:8443/realm' }), undefined);
  const login = { ...issuer, loginClientId: 'trino' };
  assert.equal(
    problemOf({ ...login, loginClientSecretFile: 'f', loginScopes: 'openid,groups', loginAddress: 'https://gw.example' }),
    undefined,
  );
  assert.match(problemOf({ loginClientId: 'trino' }) ?? '', /--login-client-id needs --jwt-issuer/);
  assert.match(problemOf({ ...issuer, loginClientSecretFile: 'f' }) ?? '', /go with --login-client-id/);
  assert.match(problemOf({ ...login, loginScopes: 'groups' }) ?? '', /--login-scopes groups must have openid/);
  assert.match(problemOf({ ...login, loginAddress: 'https://gw.example/x' }) ?? '', /alone: try https:\/\/gw\.example$/);
});
