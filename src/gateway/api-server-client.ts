// Calls of a gateway to its API servers, over HTTP. With several, the one that answered last is asked first, and the next one when it
// does not answer or cannot. Knows nothing of what is said. Shell.
import { Agent as SecureAgent, request as requestHttps } from 'node:https';

/** See http/reason-phrases.ts. */
const { Agent, request: requestHttp } = process.getBuiltinModule('node:http');

export interface ApiServerCall {
  readonly method: 'POST' | 'DELETE';
  /** Path and query. */
  readonly path: string;
  readonly body?: object;
}

export interface ApiServerClient {
  /** Fulfilled when one has taken it. Rejects when none can be reached, or one refuses. A DELETE of what is gone is done. */
  call(call: ApiServerCall): Promise<void>;
  /** The same, with what it answers. Rejects also when that is no JSON. */
  ask(call: ApiServerCall): Promise<unknown>;
}

/** Of one API server; the second one is asked before a waiting client could notice. */
const timeoutMs = 3_000;
const maxAnswerLength = 1024 * 1024;

/** The API server took the request and refuses it: another one would say the same. */
class Refused extends Error {}

/** `urls` without trailing slashes, e.g. http://127.0.0.1:8081. */
export function createApiServerClient(urls: readonly string[]): ApiServerClient {
  const options = { keepAlive: true, maxSockets: 32 };
  const [plain, secure] = [new Agent(options), new SecureAgent(options)];
  let preferred = 0;

  function callOne(base: string, { method, path }: ApiServerCall, text: string | undefined): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(text)) };
      const isSecure = base.startsWith('https:');
      const request = isSecure ? requestHttps : requestHttp;
      const init = { method, agent: isSecure ? secure : plain, headers, timeout: timeoutMs };
      const outgoing = request(`${base}${path}`, init, (response) => {
        const status = response.statusCode ?? 0;
        let answer = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (answer += answer.length < maxAnswerLength ? chunk : ''));
        response.on('error', reject);
        if (status < 300 || (method === 'DELETE' && status === 404)) response.on('end', () => resolve(answer));
        else if (status < 500 && status !== 429) reject(new Refused(`the API server ${base} answered HTTP ${status}`));
        else reject(new Error(`the API server ${base} answered HTTP ${status}`));
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer from the API server ${base} within ${timeoutMs} ms`)));
      outgoing.on('error', reject);
      outgoing.end(text);
    });
  }

  async function send(call: ApiServerCall): Promise<string> {
    const text = call.body === undefined ? undefined : JSON.stringify(call.body);
    const failures: unknown[] = [];
    for (let turn = 0; turn < urls.length; turn += 1) {
      const at = (preferred + turn) % urls.length;
      try {
        const answer = await callOne(urls[at] ?? '', call, text);
        preferred = at;
        return answer;
      } catch (error) {
        if (error instanceof Refused || urls.length === 1) throw error;
        failures.push(error);
      }
    }
    throw new AggregateError(failures, failures.map((error) => (error instanceof Error ? error.message : String(error))).join('; '));
  }

  return {
    async call(call) {
      await send(call);
    },
    ask: async (call) => JSON.parse(await send(call)) as unknown,
  };
}
