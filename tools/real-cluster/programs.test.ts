import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { SetupError } from '#node/setup-error.ts';
import { ensurePrograms, type Program } from './programs.ts';

// A Go that "builds" by writing its command line into the output, and fails for the package named in $FAIL.
const FAKE_GO = `#!/bin/sh
for last in "$@"; do :; done
echo "$last" >> "$RAN"
if [ "$last" = "$FAIL" ]; then echo "go: downloading failed: connection reset"; exit 1; fi
while [ "$1" != -o ]; do shift; done
echo "$PWD" "$last" > "$2"
`;

async function setUp(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'xtrinode-programs-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const tools = join(directory, 'tools');
  await mkdir(tools);
  await writeFile(join(tools, 'go'), FAKE_GO);
  await chmod(join(tools, 'go'), 0o755);
  const ran = join(directory, 'ran');
  await writeFile(ran, '');
  const env: Record<string, string> = { PATH: `${tools}:/usr/bin:/bin`, RAN: ran };
  const told: string[] = [];
  const cacheDir = join(directory, 'cache');
  const ensure = <P extends Program>(programs: readonly P[], more: Readonly<Record<string, string>> = {}) =>
    ensurePrograms(programs, {
      cacheDir,
      env: { ...env, ...more },
      signal: new AbortController().signal,
      report: (line) => told.push(line),
    });
  const built = async (): Promise<readonly string[]> => (await readFile(ran, 'utf8')).split('\n').filter((line) => line !== '');
  return { directory, cacheDir, ensure, built, told };
}

const refusal = async (work: Promise<unknown>): Promise<SetupError> => {
  const error = await work.then(
    () => assert.fail('it should have failed'),
    (each: unknown) => each,
  );
  assert.ok(error instanceof SetupError, String(error));
  return error;
};

test('each program is built once, from the module that pins its version, and told as it goes', async (t) => {
  const { cacheDir, ensure, built, told } = await setUp(t);
  const paths = await ensure(['etcd', 'kubectl']);
  assert.match(paths.etcd, /\/cache\/etcd-3\.6\.\d+\/etcd$/);
  assert.match(paths.kubectl, /\/cache\/kubernetes-1\.36\.\d+\/kubectl$/);
  assert.match(await readFile(paths.kubectl, 'utf8'), /real-cluster\/kubernetes k8s\.io\/kubernetes\/cmd\/kubectl/);
  assert.deepEqual(
    told.map((line) => line.replace(/v[\d.]+|\d+ s/g, '')),
    [
      'building etcd  from the Go module proxy (once; kube-apiserver alone takes some five minutes) ...',
      'built etcd  in ',
      'building kubectl  from the Go module proxy (once; kube-apiserver alone takes some five minutes) ...',
      'built kubectl  in ',
    ],
  );
  assert.deepEqual(await ensure(['kubectl', 'etcd']), paths);
  assert.equal((await built()).length, 2);
  for (const folder of await readdir(cacheDir)) assert.equal((await readdir(join(cacheDir, folder))).length, 1, 'nothing else is left');
});

test('two that want the same program build it once', async (t) => {
  const { ensure, built } = await setUp(t);
  const [one, other] = await Promise.all([ensure(['kube-scheduler']), ensure(['kube-scheduler'])]);
  assert.deepEqual(one, other);
  assert.equal((await built()).length, 1);
});

test('after a failure only the rest is built', async (t) => {
  const { ensure, built } = await setUp(t);
  const error = await refusal(ensure(['etcd', 'kubectl'], { FAIL: 'k8s.io/kubernetes/cmd/kubectl' }));
  assert.match(error.message, /^kubectl v1\.36\.\d+ cannot be built: go build says: .*connection reset/);
  await ensure(['etcd', 'kubectl']);
  assert.deepEqual(
    (await built()).map((line) => line.split('/').at(-1)),
    ['v3', 'kubectl', 'kubectl'],
  );
});

test('a machine without Go is told what to install', async (t) => {
  const { directory, ensure } = await setUp(t);
  const error = await refusal(ensure(['kubectl'], { PATH: directory }));
  assert.match(
    error.message,
    /^kubectl v1\.36\.\d+ cannot be built: there is no Go on the PATH.* Install Go 1\.\d+ or later, or set KUBEBUILDER_ASSETS/,
  );
});

test('programs of KUBEBUILDER_ASSETS are taken as they are, the others are built', async (t) => {
  const { directory, ensure, built } = await setUp(t);
  const assets = join(directory, 'assets');
  await mkdir(assets);
  await writeFile(join(assets, 'etcd'), '');
  const paths = await ensure(['etcd', 'kube-scheduler'], { KUBEBUILDER_ASSETS: assets });
  assert.equal(paths.etcd, join(assets, 'etcd'));
  assert.deepEqual(await built(), ['k8s.io/kubernetes/cmd/kube-scheduler']);
});
