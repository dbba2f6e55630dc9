import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container } from '#core/objects.ts';
import { createManualClock } from '../../test/fakes/manual-clock.ts';
import { initialProbeState, nextProbeState } from './probe-state.ts';
import { whyNotRun } from './probe-action.ts';
import { startProbes } from './probes.ts';

const probe = { httpGet: { path: '/v1/info', port: 8080 } };
const probed = (more: Partial<Container>): Container => ({ name: 'trino', ...more });

function watchProbes(container: Container, answer: (path: string) => boolean) {
  const clock = createManualClock();
  const seen: string[] = [];
  const startedAt = clock.now();
  const runner = startProbes({
    target: { podIP: '127.9.9.9', container },
    clock,
    run: async (each) => ({ isSuccess: answer(each.httpGet?.path ?? ''), message: 'answer' }),
    listener: {
      onChange: (state) => seen.push(`${(clock.now() - startedAt) / 1000}s started=${state.isStarted} ready=${state.isReady}`),
      onFailure: () => undefined,
      onKill: (kind) => seen.push(`${(clock.now() - startedAt) / 1000}s kill by ${kind}`),
      onNotRun: (kind) => seen.push(`${kind} not run`),
    },
  });
  return { clock, seen, runner };
}

test('a container without probes is started and ready at once', () => {
  assert.deepEqual(initialProbeState(probed({})), { isStarted: true, isReady: true, streaks: {} });
});

test('readiness and liveness wait for the startup probe', async () => {
  let isUp = false;
  const container = probed({
    startupProbe: { httpGet: { path: '/startup', port: 1 }, periodSeconds: 1, failureThreshold: 300 },
    readinessProbe: { ...probe, periodSeconds: 5 },
    livenessProbe: { ...probe, periodSeconds: 10 },
  });
  const { clock, seen, runner } = watchProbes(container, () => isUp);
  await clock.advance(60_000);
  assert.deepEqual(seen, []);
  isUp = true;
  await clock.advance(1_000);
  assert.deepEqual(seen, ['61s started=true ready=false', '61s started=true ready=true']);
  runner.stop();
});

test('readiness comes and goes with its thresholds, and kills nothing', async () => {
  let isUp = true;
  const container = probed({ readinessProbe: { ...probe, periodSeconds: 5, failureThreshold: 3 } });
  const { clock, seen, runner } = watchProbes(container, () => isUp);
  await clock.advance(0);
  isUp = false;
  await clock.advance(10_000);
  assert.deepEqual(seen, ['0s started=true ready=true'], 'two failures are not enough');
  await clock.advance(5_000);
  isUp = true;
  await clock.advance(5_000);
  assert.deepEqual(seen.slice(1), ['15s started=true ready=false', '20s started=true ready=true']);
  runner.stop();
});

test('liveness kills after its failures in a row, after the initial delay, and then no probe runs', async () => {
  const container = probed({ livenessProbe: { ...probe, initialDelaySeconds: 30, periodSeconds: 10, failureThreshold: 3 } });
  const { clock, seen } = watchProbes(container, () => false);
  await clock.advance(600_000);
  assert.deepEqual(seen, ['50s started=true ready=false', '50s kill by liveness']);
});

test('a startup probe that never succeeds kills', async () => {
  const { clock, seen } = watchProbes(probed({ startupProbe: { ...probe, periodSeconds: 2, failureThreshold: 4 } }), () => false);
  await clock.advance(60_000);
  assert.deepEqual(seen, ['6s kill by startup']);
});

test('one success between failures starts the count again', () => {
  const container = probed({ livenessProbe: { ...probe, failureThreshold: 2 } });
  let state = initialProbeState(container);
  for (const isSuccess of [false, true, false]) state = nextProbeState(state, container, 'liveness', isSuccess);
  assert.equal(state.killedBy, undefined);
  assert.equal(nextProbeState(state, container, 'liveness', false).killedBy, 'liveness');
});

test('an exec probe of the image counts as a success and says so; the health check of Trino is asked over HTTP', async () => {
  const custom = { exec: { command: ['/opt/check'] } };
  const { clock, seen, runner } = watchProbes(probed({ readinessProbe: custom }), () => false);
  await clock.advance(1_000);
  assert.deepEqual(seen, ['readiness not run', '0s started=true ready=true']);
  runner.stop();
  const health = { scheme: 'http', port: 8080 } as const;
  assert.equal(
    whyNotRun({ exec: { command: ['/usr/lib/trino/bin/health-check'] } }, { podIP: '', container: probed({}), health }),
    undefined,
  );
});
