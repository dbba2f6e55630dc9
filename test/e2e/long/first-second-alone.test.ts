// The second after a coordinator says that it started, for each client by itself; ../first-second.test.ts has twenty at once.
import { test } from 'node:test';
import { clientNames } from '../clients/clients.ts';
import { assertFirstSecond } from '../harness/first-second.ts';

for (const name of clientNames) {
  test(`${name} alone, in the first second after the coordinator says that it started, gets its rows`, () => assertFirstSecond([name]));
}
