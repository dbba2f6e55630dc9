// A page is cut in its middle, by a gateway that is killed or by a line to the coordinator that breaks: whoever asks again for what was
// reset reads on, and has every row once. The line is slow, so that each page is a second and more on its way.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { user } from '../clients/clients.ts';
import { createSessions } from '../clients/sessions.ts';
import { openBalancer } from '../harness/balancer.ts';
import { startCoordinator } from '../harness/coordinator.ts';
import { startGateway } from '../harness/gateways.ts';
import { readLongResult, slowLine } from '../harness/long-result.ts';
import { openTap, type Tap } from '../harness/tap.ts';
import { aHome } from '../harness/up.ts';
import { eventually } from '../harness/waiting.ts';

const readMs = 3 * 60_000;
/** Much less than a page of that result, packed or not, and more than the whole of any other. */
const inTheMiddleBytes = 200_000;
const readers = ['cli', 'jdbc', 'python', 'sqlalchemy'] as const;

const sessions = await createSessions();
const coordinator = await startCoordinator();

async function aLine(): Promise<{ readonly tap: Tap; readonly routes: string }> {
  const tap = await openTap(coordinator.url, slowLine);
  after(() => tap.close());
  const routes = join(aHome(), 'routes.yaml');
  const entry = `namespace: team, name: work, state: RUNNING, isDefault: true, trinoVersion: 483, coordinatorUrl: "${tap.url}"`;
  writeFileSync(routes, `- { ${entry} }\n`);
  return { tap, routes };
}

async function reachTheMiddle(tap: Tap, reading: Promise<string>): Promise<void> {
  const ended = reading.then((result) => assert.fail(`it has read all of it: ${result}`));
  const middle = eventually('a page is in its middle', readMs, () => tap.answerBytes() > inTheMiddleBytes, 20);
  await Promise.race([middle, ended]);
  // It ends well, or the test does not.
  ended.catch(() => undefined);
}

for (const client of readers) {
  describe(client, () => {
    it('reads on when its gateway is killed in the middle of a page', async () => {
      const { tap, routes } = await aLine();
      const [gone, other] = await Promise.all([startGateway('--routes', routes), startGateway('--routes', routes)]);
      const balancer = await openBalancer([gone.url]);
      after(() => balancer.close());
      const reading = readLongResult(sessions, client, { url: `http://localhost:${balancer.port}`, user }, 'killed');
      await reachTheMiddle(tap, reading);
      balancer.lead([other.url]);
      gone.process.kill('SIGKILL');
      tap.hurry();
      assert.equal(await reading, await readLongResult(sessions, client, { url: coordinator.url, user }, 'killed'));
    });

    it('reads on when the line to the coordinator breaks in the middle of a page', async () => {
      const { tap, routes } = await aLine();
      const gateway = await startGateway('--routes', routes);
      const reading = readLongResult(sessions, client, { url: gateway.url, user }, 'broken');
      await reachTheMiddle(tap, reading);
      tap.cut();
      tap.hurry();
      assert.equal(await reading, await readLongResult(sessions, client, { url: coordinator.url, user }, 'broken'));
    });
  });
}
