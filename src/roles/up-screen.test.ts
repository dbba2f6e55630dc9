// That what `up` tells a person to type next works where it was started.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createScreen } from './up-screen.ts';

const state = {
  gatewayUrl: 'http://localhost:8080',
  apiServerUrl: 'http://127.0.0.1:1',
  kubeUrl: 'https://127.0.0.1:2',
  kubeconfigPath: '/home/ann/kubeconfig',
  pid: 1,
  version: '0.1.0',
};

function typedAfter(directory: string | undefined): string[] {
  let text = '';
  createScreen(
    (part) => (text += part),
    false,
    () => 0,
  ).ready(state, '/home/ann/up.log', true, directory);
  return text.split('\n').filter((line) => line.includes('npx xtrinode'));
}

it('names the home of an up that is not where the other verbs look, and no other', () => {
  for (const line of typedAfter('/data/up')) assert.match(line, /npx xtrinode (?:query|why) --home \/data\/up /);
  for (const line of typedAfter(undefined)) assert.doesNotMatch(line, /--home/);
  assert.equal(typedAfter(undefined).length, 2);
});
