// Opens the loopback HTTPS door of one embedded API: certificate, token, kubeconfig, server.
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { ensureCertificates } from './certificates.ts';
import { createRequestListener } from './http.ts';
import { ensureToken, formatKubeconfig, writeSecretFile } from './kubeconfig-file.ts';
import type { ServerParts } from './server-parts.ts';

export interface ListenOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Keeps CA, certificate and token across restarts. */
  readonly certificateDir: string;
  readonly kubeconfigPath: string;
}

export interface Listening {
  readonly url: string;
  readonly port: number;
  readonly kubeconfigPath: string;
  close(): Promise<void>;
}

// Never a wildcard: the address belongs to this machine's users, and Pods have loopback addresses of their own.
const HOST = '127.0.0.1';

/** Throws when the port is taken or a file cannot be written. */
export async function listen(parts: ServerParts, { port, certificateDir, kubeconfigPath }: ListenOptions): Promise<Listening> {
  const { caCertificate, certificate, key } = await ensureCertificates(certificateDir, parts.clock.now());
  const token = await ensureToken(certificateDir);
  const server = createServer({ cert: certificate, key, minVersion: 'TLSv1.2' }, createRequestListener(parts, token));
  // Watches are silent for longer than any request time-out; their own limit is timeoutSeconds.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 90_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const taken = (server.address() as AddressInfo).port;
  const url = `https://${HOST}:${taken}`;
  await writeSecretFile(kubeconfigPath, formatKubeconfig({ url, caCertificate, token }));
  return {
    url,
    port: taken,
    kubeconfigPath,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
