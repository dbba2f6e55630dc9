// One probe, once: HTTP, TCP, or what an exec command of the image would have asked. Loopback only.
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Container, Probe } from '#core/objects.ts';
import { messageOf } from './error-words.ts';

export interface ProbeTarget {
  readonly podIP: string;
  readonly container: Container;
  /** What the Trino image's own health check asks; absent for other images. */
  readonly health?: { readonly scheme: 'http' | 'https'; readonly port: number };
}

export interface ProbeResult {
  readonly isSuccess: boolean;
  readonly message: string;
}

const HEALTH_CHECK = '/usr/lib/trino/bin/health-check';
const MAX_BODY_BYTES = 10 * 1024; // as the kubelet reads

/** Why a probe cannot be run here; such a probe counts as a success. Pure. */
export function whyNotRun(probe: Probe, target: ProbeTarget): string | undefined {
  if (probe.httpGet !== undefined || probe.tcpSocket !== undefined) return undefined;
  const command = probe.exec?.command;
  if (command?.[0] === HEALTH_CHECK && target.health !== undefined) return undefined;
  return command === undefined
    ? 'the process node runs httpGet and tcpSocket probes, and the health check of the Trino image'
    : `the command ${command.join(' ')} is part of an image and cannot be run on this machine`;
}

/** Runs it. Rejects never. */
export async function runProbe(probe: Probe, target: ProbeTarget, timeoutMs: number): Promise<ProbeResult> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    if (probe.httpGet !== undefined) {
      const { path, port, scheme, httpHeaders } = probe.httpGet;
      const headers = Object.fromEntries((httpHeaders ?? []).map((header) => [header.name, header.value]));
      const place = { scheme: scheme === 'HTTPS' ? 'https' : 'http', port: portOf(port, target.container), path } as const;
      const { status } = await get(target.podIP, place, headers, signal);
      return { isSuccess: status >= 200 && status < 400, message: `HTTP probe got status ${status}` };
    }
    if (probe.tcpSocket !== undefined) {
      await connectOnce(target.podIP, portOf(probe.tcpSocket.port, target.container), signal);
      return { isSuccess: true, message: 'connected' };
    }
    if (target.health === undefined || whyNotRun(probe, target) !== undefined) return { isSuccess: true, message: 'not run' };
    const { status, body } = await get(target.podIP, { ...target.health, path: '/v1/info' }, {}, signal);
    const isStarted = status === 200 && /"starting"\s*:\s*false/.test(body);
    return { isSuccess: isStarted, message: isStarted ? 'started' : `/v1/info: status ${status}, still starting` };
  } catch (error) {
    return { isSuccess: false, message: signal.aborted ? `no answer within ${timeoutMs} ms` : messageOf(error) };
  }
}

function portOf(port: number | string, container: Container): number {
  if (typeof port === 'number') return port;
  const named = container.ports?.find((each) => each.name === port)?.containerPort;
  if (named === undefined) throw new Error(`the container has no port named ${port}`);
  return named;
}

function get(
  host: string,
  place: { readonly scheme: 'http' | 'https'; readonly port: number; readonly path: string },
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const common = {
      host,
      port: place.port,
      path: place.path,
      headers: { 'user-agent': 'kube-probe/xtrinode', ...headers },
      agent: false,
      signal,
    } as const;
    // a probe asks whether it lives, not who it is: the kubelet does not verify certificates either
    const request = place.scheme === 'https' ? httpsRequest({ ...common, rejectUnauthorized: false }) : httpRequest(common);
    request.on('error', reject);
    request.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
        if (body.length > MAX_BODY_BYTES) response.destroy();
      });
      response.on('error', reject);
      response.on('close', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.end();
  });
}

function connectOnce(host: string, port: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const abort = (): void => void socket.destroy(new Error('timed out'));
    signal.addEventListener('abort', abort, { once: true });
    socket.once('connect', () => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}
