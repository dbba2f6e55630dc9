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

  async function hear(server: ContractServer, each: ContractCase): Promise<readonly Exchange[]> {
    const { context, exchanges } = record(await beginCase(server));
    await each.run(context);
    return exchanges;
  }

  for (const group of groups) {
    describe(group.name, () => {
      for (const each of group.cases) {
        it(each.notEmbedded === undefined ? each.name : `${each.name} (the embedded API has no ${each.notEmbedded})`, async () => {
          const theirs = await hear(real, each);
          if (each.notEmbedded !== undefined) return;
          const differences = compareConversations(await hear(embedded, each), theirs);
          assert.ok(differences === '', `the two answer differently:\n\n${differences}\n`);
        });
      }
    });
  }
});
