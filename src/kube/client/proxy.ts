// Whether a proxy stands between us and the API server, by the rules of kubectl (Go's golang.org/x/net/http/httpproxy):
// `proxy-url` of the cluster, else HTTPS_PROXY or HTTP_PROXY unless NO_PROXY names the host. Pure.
import { BlockList, isIP } from 'node:net';
import { KubeconfigError } from './kubeconfig-files.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** `proxyUrl` comes from the kubeconfig and is always used. Throws KubeconfigError for a proxy that we cannot speak to. */
export function chooseProxy(server: URL, proxyUrl: string | undefined, env: Env): URL | undefined {
  if (proxyUrl !== undefined) return parseProxy(proxyUrl, 'proxy-url of the kubeconfig');
  const name = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const value = valueOf(env, name);
  if (value === '' || isExempt(server, valueOf(env, 'NO_PROXY'))) return undefined;
  return parseProxy(value.includes('://') ? value : `http://${value}`, `the environment's ${name}`);
}

function valueOf(env: Env, name: string): string {
  return env[name] || env[name.toLowerCase()] || '';
}

function parseProxy(text: string, from: string): URL {
  if (!URL.canParse(text)) throw new KubeconfigError(`${from} is not a URL`);
  const url = new URL(text);
  const shown = `${url.protocol}//${url.host}`;
  if (url.protocol.startsWith('socks'))
    throw new KubeconfigError(`${from} names a SOCKS proxy (${shown}), which is not supported: use an HTTP proxy, or "kubectl proxy"`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new KubeconfigError(`${from} names a proxy of an unknown kind (${shown}): http and https are supported`);
  return url;
}

function isExempt(server: URL, noProxy: string): boolean {
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = server.port === '' ? (server.protocol === 'https:' ? '443' : '80') : server.port;
  if (host === 'localhost' || isLoopback(host)) return true;
  const entries = noProxy.split(',').map((entry) => entry.trim().toLowerCase());
  return entries.some((entry) => entry === '*' || (entry !== '' && matches(entry, host, port)));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry.includes('/')) return isInRange(entry, host);
  const withPort = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(entry);
  if (withPort !== null && withPort[3] !== port) return false;
  const name = withPort === null ? entry : (withPort[1] ?? withPort[2] ?? '');
  if (isIP(name) !== 0) return name === host;
  // "example.com" is the host and what is below it, ".example.com" and "*.example.com" only what is below it.
  const below = name.startsWith('*.') ? name.slice(1) : name;
  return below.startsWith('.') ? host.endsWith(below) : host === below || host.endsWith(`.${below}`);
}

function isInRange(entry: string, host: string): boolean {
  const [address = '', bits = ''] = entry.split('/');
  const [family, hostFamily] = [isIP(address), isIP(host)];
  if (family === 0 || family !== hostFamily || !/^\d+$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) return false;
  const range = new BlockList();
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  range.addSubnet(address, Number(bits), kind);
  return range.check(host, kind);
}

function isLoopback(host: string): boolean {
  return isInRange('127.0.0.0/8', host) || host === '::1';
}
