// A real S3 server over a directory (versitygw), for spooled results: made once by the machine's own Go, started per test.
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { cacheDirectory } from '#roles/local-node.ts';
import { findFreePort } from '../../../tools/real-cluster/free-port.ts';
import { once, run } from '../clients/prepare-clients.ts';
import { start } from './children.ts';
import { aHome } from './up.ts';
import { eventually } from './waiting.ts';

const version = 'v1.0.14';

export interface ObjectStore {
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Names of the objects there are. */
  objects(): readonly string[];
  /** How many requests of this kind it has answered. */
  count(kind: 'PutObject' | 'GetObject' | 'DeleteObject'): number;
}

function prepareObjectStore(): string {
  const root = join(cacheDirectory(process.env), 'clients');
  return once(root, `versitygw-${version}`, (directory) =>
    run('go', ['install', '-trimpath', `github.com/versity/versitygw/cmd/versitygw@${version}`], directory, {
      GOBIN: directory,
      GOFLAGS: '-mod=mod',
      CGO_ENABLED: '0',
    }),
  );
}

/** Ended with the tests of the file. */
export async function startObjectStore(): Promise<ObjectStore> {
  const program = join(prepareObjectStore(), 'versitygw');
  const home = aHome();
  const bucket = 'trino-spool';
  const data = join(home, 'data');
  mkdirSync(join(data, bucket), { recursive: true });
  const log = join(home, 'access.log');
  const [accessKey, secretKey] = ['spooling-test', 'spooling-test-secret'];
  const port = await findFreePort();
  const child = start([program, '--port', `127.0.0.1:${port}`, '--access-log', log, 'posix', data], {
    env: { ...process.env, ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey },
  });
  after(() => child.process.kill('SIGTERM'));
  const endpoint = `http://127.0.0.1:${port}`;
  await eventually(
    'the object store',
    20_000,
    () =>
      fetch(endpoint).then(
        () => true,
        () => undefined,
      ),
    50,
  );
  return {
    endpoint,
    bucket,
    accessKey,
    secretKey,
    objects: () =>
      readdirSync(join(data, bucket), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => name),
    count: (kind) => readFileSync(log, 'utf8').split(` s3_${kind} `).length - 1,
  };
}
