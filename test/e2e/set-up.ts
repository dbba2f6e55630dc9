// Makes ready what the end-to-end tests need and what takes long once: Trino 483 and the stock clients. The tests themselves
// would fetch them too; here it is seen to happen, and no test's time is spent on it. `--distribution`: the whole Trino 476 too.
import { ensureTrino } from '#node/trino/install.ts';
import { cacheDirectory } from '#roles/local-node.ts';
import { prepareClients } from './clients/prepare-clients.ts';
import { ensureDistribution } from './harness/distribution.ts';
import { requireTools } from './harness/tools.ts';

await requireTools();
let lastStep = '';
const { directory } = await ensureTrino({
  version: '483',
  cacheDir: cacheDirectory(process.env),
  offline: false,
  env: process.env,
  signal: AbortSignal.timeout(20 * 60_000),
  progress({ step, total }) {
    if (step !== lastStep) process.stdout.write(`${step}${total === 0 ? '' : ` (${total} files)`} ...\n`);
    lastStep = step;
  },
});
process.stdout.write(`Trino 483 is in ${directory}\n`);
if (process.argv.includes('--distribution')) process.stdout.write(`Trino 476 is in ${await ensureDistribution()}\n`);
await prepareClients();
process.stdout.write('the clients are ready\n');
