import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { SetupError } from '../setup-error.ts';
import { findJava, parseJavaMajor } from './find-java.ts';
import { dropDamaged, ensureTrino, verifyTrino } from './install.ts';
import type { InstallProgress } from './installation.ts';
import { parseDownloaded, tellingMavenLines } from './maven.ts';

// A Maven that "fetches" two jars, and fails for the artifact named in $FAIL with the words in $WORDS.
const FAKE_MVN = `#!/bin/sh
case "$*" in -v|--version) echo "Apache Maven 3.9"; exit 0;; esac
for word in "$@"; do
  case "$word" in
    -DoutputDirectory=*) out="\${word#*=}";;
    *.pom.xml) artifact=$(basename "$word" .pom.xml);;
  esac
done
echo "$artifact" >> "$RAN"
if [ "$artifact" = "$FAIL" ]; then echo "[INFO] Scanning"; echo "[ERROR] $WORDS"; echo "[ERROR] -> [Help 1]"; exit 1; fi
echo "[INFO] Downloaded from mirror: https://example.invalid/io/trino/$artifact-483.jar (1.5 MB at 2 MB/s)"
echo jar > "$out/$artifact-483.jar"; echo jar > "$out/guava.jar"
`;
const FAKE_JAVAC = '#!/bin/sh\nmkdir -p "$4/xtrinode/launcher"; echo class > "$4/xtrinode/launcher/Main.class"\n';

async function program(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o755);
}

async function aJdk(home: string, version: string): Promise<string> {
  await mkdir(join(home, 'bin'), { recursive: true });
  await writeFile(join(home, 'release'), `IMPLEMENTOR="x"\nJAVA_VERSION="${version}"\n`);
  await program(join(home, 'bin/java'), '#!/bin/sh\n');
  await program(join(home, 'bin/javac'), FAKE_JAVAC);
  return home;
}

async function setUp(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'xtrinode-install-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const tools = join(directory, 'tools');
  await mkdir(tools);
  await program(join(tools, 'mvn'), FAKE_MVN);
  const ran = join(directory, 'ran');
  await writeFile(ran, '');
  const env: Record<string, string> = { PATH: `${tools}:/usr/bin:/bin`, JAVA_HOME: await aJdk(join(directory, 'jdk'), '25.0.3'), RAN: ran };
  const told: InstallProgress[] = [];
  const cacheDir = join(directory, 'cache');
  const options = {
    version: '483',
    cacheDir,
    offline: false,
    env,
    progress: (each: InstallProgress) => told.push(each),
    signal: new AbortController().signal,
  };
  const ranSince = async (): Promise<readonly string[]> => {
    const names = (await readFile(ran, 'utf8')).trim().split('\n');
    await writeFile(ran, '');
    return names.filter((name) => name !== '');
  };
  return { directory, cacheDir, env, options, told, ranSince, installed: join(cacheDir, 'trino-483') };
}

const ALL = ['trino-main', 'trino-tpch', 'trino-tpcds', 'trino-memory'];
const failure = async (work: Promise<unknown>): Promise<SetupError> => {
  const error = await work.then(
    () => assert.fail('it should have failed'),
    (each: unknown) => each,
  );
  assert.ok(error instanceof SetupError, String(error));
  return error;
};

test('it is fetched once, told as it goes, and found the next time', async (t) => {
  const { options, told, ranSince, installed } = await setUp(t);
  const installation = await ensureTrino(options);
  assert.equal(installation.libDirectory, join(installed, 'lib'));
  assert.deepEqual(installation.launcherArguments, ['server', '483']);
  assert.ok(existsSync(join(installed, 'plugin/tpch/services.jar')));
  assert.ok(existsSync(installation.launcherJar));
  assert.deepEqual(told.slice(0, 3), [
    { step: 'Trino 483: core', done: 0, total: 177, bytes: 0 },
    { step: 'Trino 483: core', done: 1, total: 177, bytes: 1_500_000 },
    { step: 'Trino 483: core', done: 2, total: 2, bytes: 1_500_000 },
  ]);
  assert.deepEqual(await ranSince(), ALL);
  await ensureTrino({ ...options, offline: true });
  assert.deepEqual(await ranSince(), []);
});

test('after an interruption only the rest is fetched', async (t) => {
  const { options, env, ranSince } = await setUp(t);
  const error = await failure(
    ensureTrino({ ...options, env: { ...env, FAIL: 'trino-tpcds', WORDS: 'Could not transfer artifact: connection reset' } }),
  );
  assert.match(error.why, /^Could not transfer artifact: connection reset/);
  assert.match(error.mend, /trino-tpcds\.mvn\.log.*what was fetched is kept/);
  await ranSince();
  await ensureTrino(options);
  assert.deepEqual(await ranSince(), ['trino-tpcds', 'trino-memory']);
});

test('a file that is missing or cut is fetched again, and that is said', async (t) => {
  const { options, told, ranSince, installed } = await setUp(t);
  await ensureTrino(options);
  await ranSince();
  await truncate(join(installed, 'plugin/memory/guava.jar'), 1);
  told.length = 0;
  await ensureTrino(options);
  assert.deepEqual(await ranSince(), ['trino-memory']);
  assert.match(told[0]?.step ?? '', /1 files are missing or changed \(plugin\/memory\/guava\.jar\), fetching again/);
});

test('a change that keeps the size is found by its hash', async (t) => {
  const { options, cacheDir, ranSince, installed } = await setUp(t);
  await ensureTrino(options);
  await writeFile(join(installed, 'lib/guava.jar'), 'RAJ\n');
  const where = { cacheDir, version: '483' };
  assert.deepEqual(await verifyTrino(where), ['lib/guava.jar']);
  assert.deepEqual(await dropDamaged(where), ['lib/guava.jar']);
  await ranSince();
  await ensureTrino(options);
  assert.deepEqual(await ranSince(), ['trino-main']);
  assert.deepEqual(await verifyTrino(where), []);
});

test('two at once fetch once, and the second says that it waits', async (t) => {
  const { options, told, ranSince } = await setUp(t);
  await Promise.all([ensureTrino(options), ensureTrino(options)]);
  assert.deepEqual(await ranSince(), ALL);
  assert.ok(told.some((each) => /waiting for process \d+, which is installing Trino 483/.test(each.step)));
});

test('without Maven, offline or on a full disk, one error says what to do', async (t) => {
  const { options, env, cacheDir } = await setUp(t);
  const noMaven = await failure(ensureTrino({ ...options, env: { ...env, PATH: '/nowhere' } }));
  assert.match(noMaven.mend, /Install Maven 3\.8.*--trino-home DIR/);
  const offline = await failure(ensureTrino({ ...options, offline: true }));
  assert.match(offline.why, /fetching is off/);
  const full = await failure(ensureTrino({ ...options, env: { ...env, FAIL: 'trino-main', WORDS: 'No space left on device' } }));
  assert.match(`${full.why} ${full.mend}`, new RegExp(`the disk is full.*${cacheDir}`));
});

test('an unpacked distribution is used as it is, with its own main class and version', async (t) => {
  const { options, directory, ranSince } = await setUp(t);
  const trinoHome = join(directory, 'trino-server-476');
  const wrong = await failure(ensureTrino({ ...options, trinoHome }));
  assert.match(wrong.why, /no lib\/ directory/);
  await mkdir(join(trinoHome, 'lib'), { recursive: true });
  await writeFile(join(trinoHome, 'lib/io.trino_trino-main-476.jar'), '');
  const installation = await ensureTrino({ ...options, trinoHome, offline: true });
  assert.equal(installation.version, '476');
  assert.deepEqual(installation.launcherArguments, ['main', 'io.trino.server.TrinoServer']);
  assert.deepEqual(await ranSince(), []);
});

test('the JDK of JAVA_HOME is used when it is new enough, else another one, else what was found is listed', async (t) => {
  const { directory, env } = await setUp(t);
  const old = await aJdk(join(directory, 'old'), '17.0.15');
  const systemDirectory = join(directory, 'jvm');
  const newer = await aJdk(join(systemDirectory, 'temurin-26'), '26');
  const options = { env: { ...env, PATH: '' }, minimumMajor: 25, systemDirectory };
  assert.equal((await findJava(options)).home, env['JAVA_HOME']);
  assert.equal((await findJava({ ...options, env: { JAVA_HOME: old, PATH: '' } })).home, newer);
  const error = await failure(findJava({ env: { JAVA_HOME: old, PATH: '' }, minimumMajor: 25, systemDirectory: join(directory, 'none') }));
  assert.match(error.why, /found only 17\.0\.15 in .*old/);
  assert.match(error.mend, /Temurin 25/);
  assert.deepEqual(['25.0.3', '1.8.0_402', '26-ea', 'x'].map(parseJavaMajor), [25, 8, 26, undefined]);
});

test('of the output of Maven, downloads are counted and errors told without the advice', () => {
  assert.deepEqual(parseDownloaded('[INFO] Downloaded from central: https://h/a/b-1.jar (96 kB at 1.2 MB/s)'), {
    name: 'b-1.jar',
    bytes: 96_000,
  });
  assert.equal(parseDownloaded('[INFO] Downloaded from central: https://h/a/b-1.pom (2.1 kB at 9 kB/s)'), undefined);
  assert.equal(parseDownloaded('[INFO] Downloading from central: https://h/a/b-1.jar'), undefined);
  const output = '[INFO] x\n[ERROR] Failed to execute goal: unknown host\n[ERROR] \n[ERROR] Re-run Maven using the -X switch\n';
  assert.equal(tellingMavenLines(output), 'Failed to execute goal: unknown host');
  assert.equal(tellingMavenLines('killed\n'), 'killed');
});
