// Asks a kube-apiserver whether it is ready: all its start-up hooks ran (/readyz), and the first namespace is there, which no
// hook promises.
import { request } from 'node:https';

export interface Asked {
  readonly url: string;
  /** PEM. */
  readonly caCertificate: string;
  readonly token: string;
}

const answerTimeoutMs = 5_000;

/** False also while nobody answers. */
export async function isReady(asked: Asked): Promise<boolean> {
  return (await isOk(asked, '/readyz')) && (await isOk(asked, '/api/v1/namespaces/default'));
}

function isOk({ url, caCertificate, token }: Asked, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asking = request(
      new URL(path, url),
      { ca: caCertificate, headers: { authorization: `Bearer ${token}` }, agent: false, timeout: answerTimeoutMs },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      },
    );
    asking.on('timeout', () => asking.destroy());
    asking.on('error', () => resolve(false));
    asking.on('close', () => resolve(false));
    asking.end();
  });
}
