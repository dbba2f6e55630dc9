// The demand port over HTTP: the gateway has no write access to Kubernetes, it asks the API server (design D8). With several API
// servers the one that answered last is asked first, and the next one when it does not answer or cannot. Shell.
import { Agent, request as requestHttp } from 'node:http';
import { Agent as SecureAgent, request as requestHttps } from 'node:https';
import type { DemandPort } from './demand.ts';

/** Of one API server; the second one is asked before a waiting client could notice. */
const timeoutMs = 3_000;

/** The API server took the request and refuses it: another one would say the same. */
class Refused extends Error {}

/** `apiServerUrls` without trailing slashes, e.g. http://127.0.0.1:8081. `gateway` tells this replica from others. */
export function createApiServerDemand(apiServerUrls: readonly string[], gateway: string): DemandPort {
  const options = { keepAlive: true, maxSockets: 32 };
  const [plain, secure] = [new Agent(options), new SecureAgent(options)];
  let preferred = 0;

  function callOne(base: string, method: 'POST' | 'DELETE', runtime: string, text: string | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const headers = text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(text)) };
      const isSecure = base.startsWith('https:');
      const send = isSecure ? requestHttps : requestHttp;
      const init = { method, agent: isSecure ? secure : plain, headers, timeout: timeoutMs };
      const query = method === 'DELETE' ? `?gateway=${gateway}` : '';
      const outgoing = send(`${base}/runtimes/${runtime}/demand${query}`, init, (response) => {
        response.resume();
        const status = response.statusCode ?? 0;
        // 404 on ending: the runtime is gone, and its demand with it.
        if (status < 300 || (method === 'DELETE' && status === 404)) resolve();
        else if (status < 500 && status !== 429) reject(new Refused(`the API server ${base} answered HTTP ${status}`));
        else reject(new Error(`the API server ${base} answered HTTP ${status}`));
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer from the API server ${base} within ${timeoutMs} ms`)));
      outgoing.on('error', reject);
      outgoing.end(text);
    });
  }

  async function call(method: 'POST' | 'DELETE', runtime: string, body?: object): Promise<void> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const failures: unknown[] = [];
    for (let turn = 0; turn < apiServerUrls.length; turn += 1) {
      const at = (preferred + turn) % apiServerUrls.length;
      try {
        await callOne(apiServerUrls[at] ?? '', method, runtime, text);
        preferred = at;
        return;
      } catch (error) {
        if (error instanceof Refused || apiServerUrls.length === 1) throw error;
        failures.push(error);
      }
    }
    throw new AggregateError(failures, failures.map((error) => (error instanceof Error ? error.message : String(error))).join('; '));
  }

  return {
    ask: (runtime, demand) => call('POST', runtime, { ...demand, gateway }),
    end: (runtime) => call('DELETE', runtime),
  };
}
