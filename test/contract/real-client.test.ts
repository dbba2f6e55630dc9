// The HTTP client against a real kube-apiserver with RBAC: logging in in every way, and what is said when it does not work.
import assert from 'node:assert/strict';
import { createPrivateKey, sign } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { load } from 'js-yaml';
import type { Clock } from '#core/clock.ts';
import type { ConfigMap, CoreEvent, KubeObject, Lease } from '#core/objects.ts';
import { ensureCertificates } from '#embedded/certificates.ts';
import { listAll } from '#kube/cache/list-all.ts';
import { createReflector } from '#kube/cache/reflector.ts';
import { createHttpKubeApi } from '#kube/client/http-kube-api.ts';
import type { HttpKubeApi } from '#kube/client/http-kube-api.ts';
import { createEventRecorder } from '#kube/control/events.ts';
import { createLeaseElection } from '#kube/control/lease.ts';
import { observeCalls } from '#kube/control/observed-api.ts';
import type { ObservedCall } from '#kube/control/observed-api.ts';
import { isKubeError } from '#kube/errors.ts';
import type { KubeApi, Resource } from '#kube/port.ts';
import { configMaps, customResourceDefinitions, events, leases, namespaces } from '#kube/resources.ts';
import { silentLog } from '#observe/log.ts';
import { systemClock } from '#observe/system-clock.ts';
import type { RealCluster } from '../../tools/real-cluster/start-real-cluster.ts';
import { createFakeClock } from '../fakes/fake-clock.ts';
import { defineWidgets } from './contract-server.ts';
import { me, widgetDefinition, widgets, type Widget } from './contract-objects.ts';
import { fails } from './expectations.ts';
import { sharedCluster } from './shared-cluster.ts';

const rbac = (kind: string, plural: string): Resource => ({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind,
  plural,
  namespaced: true,
});
const [roles, roleBindings] = [rbac('Role', 'roles'), rbac('RoleBinding', 'rolebindings')];
const selfReviews: Resource = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  namespaced: false,
};

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

describe('the client on a real kube-apiserver', () => {
  let cluster: RealCluster;
  let admin: HttpKubeApi;
  let directory: string;
  let namespace: string;
  const opened: HttpKubeApi[] = [];

  before(async () => {
    cluster = await sharedCluster();
    directory = mkdtempSync(join(tmpdir(), 'real-client-'));
    admin = connect(cluster.kubeconfigPath);
    await defineWidgets(admin);
    namespace = await freshNamespace();
  });
  after(async () => {
    await Promise.all(opened.map((api) => api.close()));
    rmSync(directory, { recursive: true });
  });

  function connect(kubeconfigPath: string, clock: Clock = systemClock): HttpKubeApi {
    const env = { PATH: process.env['PATH'] };
    const api = createHttpKubeApi({ kubeconfigPath, env, clock, log: silentLog, isInteractive: false });
    opened.push(api);
    return api;
  }

  async function freshNamespace(): Promise<string> {
    const metadata = { name: '', generateName: 'client-' };
    return (await admin.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata }, me)).metadata.name;
  }

  /** The kubeconfig of a user of the cluster with another user section, or cluster fields on top. */
  function kubeconfig(user: object, more: object = {}): string {
    const config = load(readFileSync(cluster.kubeconfigPath, 'utf8')) as { users: { user: object }[]; clusters: { cluster: object }[] };
    const [one, two] = [config.users[0], config.clusters[0]];
    assert.ok(one !== undefined && two !== undefined);
    one.user = user;
    two.cluster = { ...two.cluster, ...more };
    const path = join(mkdtempSync(join(directory, 'as-')), 'kubeconfig');
    writeFileSync(path, JSON.stringify(config));
    return path;
  }

  function tokenOf(user: string): string {
    const config = load(readFileSync(cluster.kubeconfigFor(user), 'utf8')) as { users: [{ user: { token: string } }] };
    return config.users[0].user.token;
  }

  async function whoAmI(api: KubeApi): Promise<{ readonly username: string; readonly groups: readonly string[] }> {
    const asked = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: { name: '' } };
    const review = (await api.create<KubeObject>(selfReviews, asked, me)) as unknown as {
      status: { userInfo: { username: string; groups: readonly string[] } };
    };
    return review.status.userInfo;
  }

  async function allow(user: string, name: string, rules: readonly Rule[]): Promise<void> {
    const metadata = { name, namespace };
    await admin.apply(roles, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules } as KubeObject, me);
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
    const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }];
    const binding = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata, roleRef, subjects };
    await admin.apply(roleBindings, binding, me);
  }

  /** A token of the cluster's own making, as a Pod has one. */
  function serviceAccountToken(expiresInSeconds: number): string {
    const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
    const now = Math.floor(Date.now() / 1000);
    const issuer = 'https://kubernetes.default.svc';
    const claims = {
      iss: issuer,
      aud: [issuer],
      iat: now - 7_200,
      nbf: now - 7_200,
      exp: now + expiresInSeconds,
      sub: 'system:serviceaccount:a:b',
    };
    const body = `${encode({ alg: 'ES256' })}.${encode({ ...claims, 'kubernetes.io': { namespace: 'a', serviceaccount: { name: 'b', uid: 'u' } } })}`;
    const key = createPrivateKey(readFileSync(join(cluster.directory, 'service-account.key')));
    return `${body}.${sign('sha256', Buffer.from(body), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  }

  describe('logging in', () => {
    test('a token file that is replaced makes somebody else of us a minute later', async () => {
      const tokenFile = join(directory, 'token');
      writeFileSync(tokenFile, tokenOf('operator'));
      const clock = createFakeClock();
      const api = connect(kubeconfig({ tokenFile }), clock);
      assert.equal((await whoAmI(api)).username, 'operator');
      writeFileSync(tokenFile, tokenOf('gateway'));
      assert.equal((await whoAmI(api)).username, 'operator');
      clock.advance(60_000);
      assert.equal((await whoAmI(api)).username, 'gateway');
    });

    test('a token that the server does not take any more is read again at once', async () => {
      const tokenFile = join(directory, 'stale-token');
      writeFileSync(tokenFile, 'no-such-token');
      const api = connect(kubeconfig({ tokenFile }));
      await fails(whoAmI(api), 401, 'Unauthorized', /does not accept the credentials of user/);
      writeFileSync(tokenFile, tokenOf('node'));
      assert.equal((await whoAmI(api)).username, 'node');
    });

    test('a credential plugin logs in, is told of the cluster, and logs in again when it is refused', async () => {
      const command = join(directory, 'plugin');
      const answer = JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token: 'TOKEN' } });
      writeFileSync(
        command,
        `#!/bin/sh
echo "$KUBERNETES_EXEC_INFO" >> ${command}.info
if [ -e ${command}.fresh ]; then token=${tokenOf('operator')}; else token=outdated; touch ${command}.fresh; fi
echo '${answer}' | sed "s/TOKEN/$token/"
`,
      );
      chmodSync(command, 0o755);
      const exec = { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'IfAvailable', provideClusterInfo: true };
      const api = connect(kubeconfig({ exec }));
      assert.deepEqual(await Promise.all([whoAmI(api), whoAmI(api)]).then((all) => all.map(({ username }) => username)), [
        'operator',
        'operator',
      ]);
      const [first = '{}'] = readFileSync(`${command}.info`, 'utf8').split('\n');
      assert.equal((JSON.parse(first) as { spec: { cluster: { server: string } } }).spec.cluster.server, cluster.url);
    });

    test('an expired token of a service account says since when', async () => {
      const api = connect(kubeconfig({ token: serviceAccountToken(-3_600) }));
      const { message } = await fails(whoAmI(api), 401, 'Unauthorized');
      assert.match(message, /the token expired at 20\d\d-\d\d-\d\dT.*; log in again/);
    });

    test('impersonation, with groups', async () => {
      const api = connect(
        kubeconfig({ token: tokenOf('admin'), as: 'jane', 'as-groups': ['dev', 'ops'], 'as-user-extra': { why: ['test'] } }),
      );
      const { username, groups } = await whoAmI(api);
      assert.deepEqual([username, groups.filter((group) => !group.startsWith('system:'))], ['jane', ['dev', 'ops']]);
    });

    test('another authority is not trusted, and no verification is no verification', async () => {
      await ensureCertificates(join(directory, 'other'), Date.now());
      const ca = { 'certificate-authority-data': undefined };
      const other = kubeconfig({ token: tokenOf('admin') }, { ...ca, 'certificate-authority': join(directory, 'other', 'ca.crt') });
      await fails(whoAmI(connect(other)), 0, 'Untrusted', /its certificate is not signed by CN=.* of .*other\/ca\.crt/);
      const careless = kubeconfig({ token: tokenOf('admin') }, { ...ca, 'insecure-skip-tls-verify': true });
      assert.equal((await whoAmI(connect(careless))).username, 'admin');
    });
  });

  describe('what a user may do', () => {
    test('a refusal names the rule that is missing: with just that rule, it works', async () => {
      const nobody = connect(cluster.kubeconfigFor('nobody'));
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name: 'a' } };
      const calls: [string, () => Promise<unknown>][] = [
        ['list', () => nobody.list(configMaps, { namespace })],
        ['create', () => nobody.create(configMaps, object, me)],
        ['patch', () => nobody.patch(widgets, { namespace, name: 'absent' }, 'merge', { status: {} }, { ...me, subresource: 'status' })],
        ['log', () => nobody.readLog({ namespace, name: 'absent' })[Symbol.asyncIterator]().next()],
      ];
      for (const [name, call] of calls) {
        const { message } = await fails(call(), 403, 'Forbidden');
        const rule = /a Role in namespace "([^"]+)" .* apiGroups (\[.*\]), resources (\[.*\]), verbs (\[.*\])$/.exec(message);
        assert.equal(rule?.[1], namespace, message);
        const [apiGroups, resources, verbs] = rule.slice(2).map((list) => JSON.parse(list) as string[]) as [string[], string[], string[]];
        await allow('nobody', `one-${name}`, [{ apiGroups, resources, verbs }]);
        // The server hears of roles through a watch of its own. If the rule is wrong, the test's time runs out.
        while ((await refusalOf(call)) !== undefined) continue;
      }
    });

    test('a server-side apply needs patch, and create as well where the object is new', async () => {
      const gateway = connect(cluster.kubeconfigFor('gateway'));
      const object: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name: 'applied' }, data: { k: 'v' } };
      await allow('gateway', 'patch-only', [{ apiGroups: [''], resources: ['configmaps'], verbs: ['patch'] }]);
      const apply = () => gateway.apply(configMaps, object, me);
      while ((await refusalOf(apply))?.endsWith('verbs ["patch"]') === true) continue;
      assert.match((await refusalOf(apply)) ?? '', /verbs \["create"\]$/);
      await admin.apply(configMaps, object, me);
      assert.deepEqual((await apply()).data, { k: 'v' });
    });

    test('what the client says of its calls is what the audit log of the server says', async () => {
      const told: string[] = [];
      const inWords = ({ verbs, group, resource, name }: ObservedCall): string => `${verbs[0]} ${group}/${resource} ${name ?? ''}`.trim();
      const as = connect(kubeconfig({ token: tokenOf('admin'), as: 'system:auditor', 'as-groups': ['system:masters'] }));
      const api = observeCalls(as, systemClock, { began: (call) => told.push(inWords(call)) });
      const object: Widget = {
        apiVersion: 'contract.xtrinode.io/v1',
        kind: 'Widget',
        metadata: { namespace, name: 'w' },
        spec: { size: 'xs' },
      };
      const made = await api.create(widgets, object, me);
      await api.get(widgets, { namespace, name: 'w' });
      await api.replace(widgets, made, me);
      await api.apply(widgets, object, { ...me, force: true });
      await api.patch(widgets, { namespace, name: 'w' }, 'merge', { status: { phase: 'Up' } }, { ...me, subresource: 'status' });
      await api.list(widgets, { namespace });
      const ending = new AbortController();
      for await (const _ of api.watch(widgets, { namespace }, { signal: ending.signal })) ending.abort();
      await api.remove(widgets, { namespace, name: 'w' });
      await fails(api.readLog({ namespace, name: 'absent' })[Symbol.asyncIterator]().next(), 404, 'NotFound');
      const lines = readFileSync(cluster.auditLogPath, 'utf8').trim().split('\n');
      const audited = new Map<string, string>();
      for (const line of lines.map((text) => JSON.parse(text) as AuditLine)) {
        // A watch has two lines: when it is opened, and when it ends.
        if (line.impersonatedUser?.username === 'system:auditor') audited.set(line.auditID, inWordsOfAudit(line));
      }
      assert.deepEqual(told, [...audited.values()]);
    });
  });

  describe('objects', () => {
    test('more objects than a page holds come in pages, each once', async () => {
      const many = await freshNamespace();
      const names = Array.from({ length: 1_200 }, (_, number) => `m${number}`);
      await Promise.all(
        names.map((name) => admin.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: many, name } }, me)),
      );
      let pages = 0;
      const counted = observeCalls(admin, systemClock, { began: () => (pages += 1) });
      const { items } = await listAll(counted, configMaps, {
        namespace: many,
        labelSelector: '!absent',
        fieldSelector: 'metadata.name!=kube-root-ca.crt',
      });
      assert.equal(pages, 3);
      assert.deepEqual(new Set(items.map(({ metadata }) => metadata.name)), new Set(names));
      assert.equal(items.length, 1_200);
      const reflector = createReflector({
        api: counted,
        resource: configMaps,
        where: { namespace: many, metadataOnly: true },
        clock: systemClock,
        random: Math.random,
        log: silentLog,
      });
      reflector.start();
      await reflector.synced;
      assert.ok(reflector.store.get(`${many}/m1199`) !== undefined);
      reflector.stop();
    });

    test('fields that no model of ours knows arrive: in applied objects and in definitions', async () => {
      const free = { deeply: [{ nested: { unknown: [1, 'two', null, { three: 3.5 }] } }] };
      const object: Widget = {
        apiVersion: 'contract.xtrinode.io/v1',
        kind: 'Widget',
        metadata: { namespace, name: 'free' },
        spec: { size: 'xs', free },
      };
      await admin.apply(widgets, object, me);
      assert.deepEqual((await admin.get<Widget>(widgets, { namespace, name: 'free' }))?.spec['free'], free);
      const stored = JSON.stringify(await admin.get(customResourceDefinitions, { name: widgetDefinition.metadata.name }));
      assert.ok(stored.includes('x-kubernetes-preserve-unknown-fields') && stored.includes('x-kubernetes-int-or-string'));
    });

    test('a resource whose definition is missing is told apart from a missing object', async () => {
      const gadgets: Resource = { ...widgets, plural: 'gadgets', kind: 'Gadget' };
      await fails(
        admin.get(gadgets, { namespace, name: 'a' }),
        404,
        'NotFound',
        /does not serve gadgets .* is its custom resource definition installed/,
      );
      assert.equal(await admin.get(widgets, { namespace, name: 'absent' }), undefined);
    });
  });

  describe('control', () => {
    test('a Lease passes from a leader that stops to the next one', async () => {
      const elect = (identity: string) =>
        createLeaseElection({
          api: admin,
          clock: systemClock,
          random: () => 0,
          log: silentLog,
          namespace,
          name: 'leader',
          identity,
          fieldManager: 'm',
        });
      const signal = new AbortController().signal;
      const first = await elect('one').acquire(signal);
      assert.ok(first !== undefined && first.isHeld());
      await first.release();
      const second = await elect('two').acquire(signal);
      assert.ok(second !== undefined && second.isHeld());
      const lease = await admin.get<Lease>(leases, { namespace, name: 'leader' });
      assert.deepEqual([lease?.spec.holderIdentity, lease?.spec.leaseTransitions, lease?.spec.leaseDurationSeconds], ['two', 1, 15]);
      await second.release();
    });

    test('an event is one object whose count grows, also of an object without a namespace', async () => {
      const clock = createFakeClock(Date.now());
      const recorder = createEventRecorder({ api: admin, clock, component: 'test' });
      const object = (await admin.get(namespaces, { name: namespace })) as KubeObject;
      const note = { object, type: 'Normal', reason: 'Tried', message: `in ${namespace}` } as const;
      recorder.record(note);
      await recorder.flush();
      recorder.record(note);
      clock.advance(10_000);
      await recorder.flush();
      const { items } = await admin.list<CoreEvent>(events, { namespace: 'default', fieldSelector: `involvedObject.name=${namespace}` });
      assert.deepEqual(
        items.map(({ reason, count, message }) => [reason, count, message]),
        [['Tried', 2, `in ${namespace}`]],
      );
      recorder.stop();
    });
  });
});

interface AuditLine {
  readonly auditID: string;
  readonly stage: string;
  readonly verb: string;
  readonly impersonatedUser?: { readonly username: string };
  readonly objectRef: { readonly resource: string; readonly apiGroup?: string; readonly name?: string; readonly subresource?: string };
}

function inWordsOfAudit({ verb, objectRef: { apiGroup = '', resource, subresource, name = '' } }: AuditLine): string {
  return `${verb} ${apiGroup}/${subresource === undefined ? resource : `${resource}/${subresource}`} ${name}`.trim();
}

/** What is said of a call that is not allowed; undefined for what comes of it otherwise. */
async function refusalOf(call: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return isKubeError(error, 'Forbidden') ? error.message : undefined;
  }
}
