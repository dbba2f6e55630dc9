// The tiers of tests and checks, as data: what `npm run check`, `npm test` and `npm run test:full` run.
import { availableParallelism } from 'node:os';
import type { Step } from './run-steps.ts';

const node = process.execPath;
// Node's own choice is one less than there are cores, which on two is one.
const atOnce = `--test-concurrency=${Math.max(2, availableParallelism() - 1)}`;
const testFlags = ['--disable-warning=ExperimentalWarning', '--test', '--test-reporter=dot', '--test-timeout=60000', atOnce];

/** Pure and in-process tests, beside the code, in one process: isolation would cost 110 ms per file. */
const pureTests: Step = {
  name: 'pure tests',
  command: [
    node,
    ...testFlags,
    '--test-isolation=none',
    'src/core/**/*.test.ts',
    'src/apis/**/*.test.ts',
    'src/trino/**/*.test.ts',
    'src/render/**/*.test.ts',
    'src/reconcile/**/*.test.ts',
    'src/certificates/**/*.test.ts',
    'src/admission/**/*.test.ts',
    'src/config/**/*.test.ts',
    'src/rbac/**/*.test.ts',
    'src/cli/**/*.test.ts',
    'src/observe/**/*.test.ts',
    'src/embedded/**/*.test.ts',
    'src/gateway/**/*.test.ts',
    'src/roles/**/*.test.ts',
  ],
};

/** Tests with sockets, files or child processes, still without Trino: what can share a process, and so compiles its code once. */
const socketTests: Step = {
  name: 'loopback tests of gateway and clients',
  command: [
    node,
    ...testFlags,
    '--test-isolation=none',
    'src/kube/**/*.test.ts',
    'tools/**/*.test.ts',
    'test/integration/gateway/**/*.test.ts',
  ],
};

/** And what cannot, or fills a core by itself. */
const roleTests: Step = {
  name: 'loopback tests of node, embedded API and roles',
  command: [
    node,
    ...testFlags,
    'src/node/**/*.test.ts',
    'test/contract/embedded*.test.ts',
    'test/integration/*.test.ts',
    'test/integration/{permissions,roles}/*.test.ts',
  ],
};

/** The operator killed at each write and through each fault; too long for `check`. `npm run sweep` is the whole of it. */
export const sweepTests: Step = {
  name: 'crash sweep and faults, short form',
  command: [node, ...testFlags, 'test/sweep/**/*.test.ts', 'test/faults/**/*.test.ts'],
};

export const checkSteps: readonly (Step | readonly Step[])[] = [
  { name: 'types', command: ['tsc', '--noEmit'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings', 'src', 'test', 'tools'] },
  { name: 'format', command: ['oxfmt', '--check', 'src', 'test', 'tools'] },
  { name: 'imports', command: [node, 'tools/check-imports.ts'] },
  { name: 'generated files', command: [node, 'tools/gen.ts', '--check'] },
  pureTests,
  [socketTests, roleTests],
];

/** A real etcd and kube-apiserver, and the embedded API beside them; one process, so that one control plane serves all. */
export const realKubernetesSteps: readonly Step[] = [
  { name: 'set-up of a real Kubernetes', command: [node, '--disable-warning=ExperimentalWarning', 'tools/real-cluster/set-up.ts'] },
  {
    name: 'contract and client tests on a real Kubernetes API server',
    command: [
      node,
      ...testFlags,
      '--test-isolation=none',
      'test/contract/real-*.test.ts',
      'test/contract/*-on-real.test.ts',
      'test/contract/kubectl-replay.test.ts',
    ],
  },
];

function endToEnd(name: string, files: string): Step {
  const flags = [
    '--disable-warning=ExperimentalWarning',
    '--test',
    '--test-reporter=spec',
    '--test-concurrency=1',
    '--test-timeout=1200000',
  ];
  return { name, command: [node, ...flags, files] };
}

/** Real Trino 483 and the stock clients: on this machine alone, then on a real Kubernetes, where each role is a process of its own. */
export const endToEndSteps: readonly Step[] = [
  { name: 'set-up of Trino and the clients', command: [node, '--disable-warning=ExperimentalWarning', 'test/e2e/set-up.ts'] },
  endToEnd('end to end, real Trino and real clients', 'test/e2e/*.test.ts'),
  endToEnd('end to end on a real Kubernetes', 'test/e2e/kubernetes/*.test.ts'),
];

/** What would make `npm test` longer than a coffee: every crash with every fault, and tests that wait for outages to pass. */
export const longSteps: readonly Step[] = [
  { name: 'crash sweep, whole', command: [node, '--disable-warning=ExperimentalWarning', 'tools/sweep.ts'] },
  {
    name: 'set-up of Trino and the clients',
    command: [node, '--disable-warning=ExperimentalWarning', 'test/e2e/set-up.ts', '--distribution'],
  },
  endToEnd('end to end, what takes long', 'test/e2e/long/*.test.ts'),
];
