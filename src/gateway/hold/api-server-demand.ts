// The demand port over HTTP: the gateway has no write access to Kubernetes, it asks the API server (design D8). Shell.
import { Agent, request } from 'node:http';
import type { DemandPort } from './demand.ts';

const timeoutMs = 5_000;

/** `apiServerUrl` without a trailing slash, e.g. http://127.0.0.1:8081. */
export function createApiServerDemand(apiServerUrl: string): DemandPort {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });

  function call(method: 'POST' | 'DELETE', runtime: string, body?: object): Promise<void> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers = text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(text)) };
      const outgoing = request(`${apiServerUrl}/runtimes/${runtime}/demand`, { method, agent, headers, timeout: timeoutMs }, (response) => {
        response.resume();
        const status = response.statusCode ?? 0;
        // 404 on ending: the runtime is gone, and its demand with it.
        if (status < 300 || (method === 'DELETE' && status === 404)) resolve();
        else reject(new Error(`the API server answered HTTP ${status}`));
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      outgoing.on('error', reject);
      outgoing.end(text);
    });
  }

  return {
    ask: (runtime, demand) => call('POST', runtime, demand),
    end: (runtime) => call('DELETE', runtime),
  };
}
