import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { groups } from './cases/groups.ts';
import type { ContractCase } from './contract-case.ts';
import { beginCase, defineWidgets, type ContractServer } from './contract-server.ts';
import { compareConversations, record, type Exchange } from './conversation.ts';
import { startEmbeddedServer } from './embedded-server.ts';
import { connectRealServer } from './real-server.ts';
import { sharedCluster } from './shared-cluster.ts';

describe('contract: a real kube-apiserver, and the embedded API says the same', () => {
  let real: ContractServer;
  let embedded: ContractServer;
  before(async () => {
    [real, embedded] = await Promise.all([sharedCluster().then(connectRealServer), startEmbeddedServer()]);
    await Promise.all([defineWidgets(real.api), defineWidgets(embedded.api)]);
  });
  after(() => Promise.all([real.stop(), embedded.stop()]));

  async function hear(name: string, server: ContractServer, each: ContractCase): Promise<readonly Exchange[]> {
    const { context, exchanges } = record(await beginCase(server));
    try {
      await each.run(context);
    } catch (error) {
      throw new Error(`it does not hold on the ${name} API: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
    return exchanges;
  }

  for (const group of groups) {
    // each case has a namespace of its own, and a real namespace takes five seconds to go
    describe(group.name, { concurrency: 8 }, () => {
      for (const each of group.cases) {
        it(each.notEmbedded === undefined ? each.name : `${each.name} (the embedded API has no ${each.notEmbedded})`, async () => {
          const theirs = await hear('real', real, each);
          if (each.notEmbedded !== undefined) return;
          const differences = compareConversations(await hear('embedded', embedded, each), theirs);
          assert.ok(differences === '', `the two answer differently:\n\n${differences}\n`);
        });
      }
    });
  }
});
