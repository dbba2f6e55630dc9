// Registers the contract for one embedded server as tests. The real API server runs the same cases in real-cluster.test.ts.
import { after, before, describe, it } from 'node:test';
import { groups } from './cases/groups.ts';
import { beginCase, defineWidgets, type ContractServer } from './contract-server.ts';

/** `makeServer` is called once. Without `hasHttp` only the cases that KubeApi can tell. */
export function describeEmbeddedApi(name: string, hasHttp: boolean, makeServer: () => Promise<ContractServer>): void {
  describe(`contract: ${name}`, () => {
    let server: ContractServer;
    before(async () => {
      server = await makeServer();
      await defineWidgets(server.api);
    });
    after(() => server.stop());
    for (const group of groups) {
      describe(group.name, () => {
        for (const { name: title, needs, refusal, run } of group.cases) {
          if (needs === 'http' && !hasHttp) continue;
          it(refusal === undefined ? title : `refuses what it leaves out: ${title}`, async () => (refusal ?? run)(await beginCase(server)));
        }
      });
    }
  });
}
