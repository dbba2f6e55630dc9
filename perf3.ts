// perf-snap: heap snapshot of a gateway before which N wait
import { mkdtempSync, existsSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './test/bench/gateway.ts';
import { startCoordinator, startGateway } from './test/bench/gateway/processes.ts';
import { startWaiters } from './test/bench/gateway/waiting.ts';
const per = Number(process.argv[2] ?? 200);
rmSync('/tmp/perf/snap.done', { force: true });
const c = await startCoordinator(6, 1024); const s = await startCoordinator(6, 1024, 1000, 'stall');
const g = await startGateway(mkdtempSync('/tmp/perf/d-'), await freePort(), c.port, s.port);
s.child.stdin?.write('stall\n');
const w = await startWaiters({ port: g.port, users: 10, perUser: per, atOnce: 50, runtime: 'team/stalled' });
await delay(9000);
process.kill(g.pid, 'SIGUSR2');
while (!existsSync('/tmp/perf/snap.done')) await delay(200);
await w.stop(); for (const x of [g, s, c]) await x.stop();
process.exit(0);
