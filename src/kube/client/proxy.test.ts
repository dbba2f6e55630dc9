import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseProxy } from './proxy.ts';

const cluster = new URL('https://api.example.com:6443');
const chosen = (server: URL, env: Record<string, string>): string | undefined => chooseProxy(server, undefined, env)?.href;

test('the kubeconfig decides; else HTTPS_PROXY for https and HTTP_PROXY for http, in either case, with or without a scheme', () => {
  assert.equal(chooseProxy(cluster, 'http://own:1', { HTTPS_PROXY: 'http://env:2', NO_PROXY: '*' })?.host, 'own:1');
  assert.equal(chosen(cluster, { HTTPS_PROXY: 'http://env:2' }), 'http://env:2/');
  assert.equal(chosen(cluster, { https_proxy: 'env:2' }), 'http://env:2/');
  assert.equal(chosen(cluster, { HTTP_PROXY: 'http://env:2' }), undefined);
  assert.equal(chosen(new URL('http://api.example.com'), { HTTP_PROXY: 'http://env:2' }), 'http://env:2/');
  assert.equal(chosen(cluster, {}), undefined);
});

test('NO_PROXY exempts hosts, domains, addresses, ranges and ports, as with kubectl', () => {
  const isDirect = (server: string, noProxy: string): boolean =>
    chosen(new URL(server), { HTTPS_PROXY: 'http://env:2', NO_PROXY: noProxy }) === undefined;
  const yes: [string, string][] = [
    ['https://api.example.com:6443', '*'],
    ['https://api.example.com:6443', 'example.com'],
    ['https://api.example.com:6443', 'other, .example.com'],
    ['https://api.example.com:6443', '*.example.com'],
    ['https://api.example.com:6443', 'API.EXAMPLE.COM'],
    ['https://api.example.com:6443', 'example.com:6443'],
    ['https://10.96.0.1', '10.96.0.0/16'],
    ['https://10.96.0.1', '10.96.0.1'],
    ['https://10.96.0.1', '10.96.0.1:443'],
    ['https://[fd00::1]:6443', 'fd00::/8'],
    ['https://[fd00::1]:6443', '[fd00::1]:6443'],
    ['https://localhost:1', ''],
    ['https://127.0.0.9:1', ''],
    ['https://[::1]:1', ''],
  ];
  const no: [string, string][] = [
    ['https://api.example.com:6443', 'ample.com'],
    ['https://api.example.com:6443', '.api.example.com'],
    ['https://example.com', '.example.com'],
    ['https://api.example.com:6443', 'example.com:443'],
    ['https://10.97.0.1', '10.96.0.0/16'],
    ['https://10.96.0.1', '10.96.0.0/99'],
    ['https://[fd00::1]:6443', '10.0.0.0/8'],
  ];
  for (const [server, noProxy] of yes) assert.ok(isDirect(server, noProxy), `${server} ${noProxy}`);
  for (const [server, noProxy] of no) assert.ok(!isDirect(server, noProxy), `${server} ${noProxy}`);
});

test('a proxy that cannot be spoken to is refused in one line without its password', () => {
  const refusal = (proxyUrl: string): string => {
    try {
      chooseProxy(cluster, proxyUrl, {});
    } catch (error) {
      return error instanceof Error ? error.message : '';
    }
    return 'accepted';
  };
  assert.match(refusal('socks5://user:secret@p:1080'), /names a SOCKS proxy \(socks5:\/\/p:1080\), which is not supported: use an HTTP/);
  assert.match(refusal('ftp://p'), /of an unknown kind \(ftp:\/\/p\)/);
  assert.match(refusal('not a url'), /is not a URL/);
  assert.ok(!refusal('socks5://user:secret@p:1080').includes('secret'));
});
