// Composition of the admission webhooks: their HTTPS server, and the keeper of its certificates.
import type { Clock } from '#core/clock.ts';
import { createCertificateKeeper, removeRegistration, type CertificateKeeper } from '#admission/certificate-keeper.ts';
import type { Reach } from '#admission/registration.ts';
import { createJudge } from '#admission/review.ts';
import { createSecretAccess } from '#admission/secret-access.ts';
import { createWebhookServer } from '#admission/webhook-server.ts';
import { systemNamespace } from '#apis/v1/resources.ts';
import type { KubeApi } from '#kube/port.ts';
import { childLog, type Log } from '#observe/log.ts';

export interface WebhooksInit {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Port 0 takes any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Default: `https://<host>:<port>` as listened on, for an API server that is on the same machine. */
  readonly reach?: Reach;
  /** Where the Secret with the certificates is. Default: xtrinode-system. */
  readonly namespace?: string;
}

export interface Webhooks {
  /** Fulfilled with the bound port. Rejected when it cannot be had. */
  listen(): Promise<number>;
  /** Fulfilled when API servers ask us; until the Kubernetes API answers and permits it, this waits and tries again. */
  register(): Promise<void>;
  stop(): Promise<void>;
}

export function createWebhooks(init: WebhooksInit): Webhooks {
  const log = childLog(init.log, { component: 'webhooks' });
  const server = createWebhookServer({ judge: createJudge(createSecretAccess(init.api)), log });
  let keeper: CertificateKeeper | undefined;
  let port: number | undefined;
  return {
    async listen() {
      port = await server.listen(init.listen.host, init.listen.port);
      return port;
    },
    async register() {
      if (port === undefined) throw new Error('webhooks listen before they are registered');
      // Once more by the same replica: it has the last word again.
      await keeper?.stop();
      const { api, clock, random, namespace = systemNamespace } = init;
      const { host } = init.listen;
      const reach = init.reach ?? { url: `https://${host.includes(':') ? `[${host}]` : host}:${port}` };
      keeper = createCertificateKeeper({ api, clock, random, log, namespace, reach, serve: (certificate) => server.serve(certificate) });
      await keeper.start();
    },
    async stop() {
      await keeper?.stop();
      if (port !== undefined) await server.stop();
    },
  };
}

/** What `--webhooks off` needs: a configuration that an earlier run left would have API servers refuse every change. */
export async function withoutWebhooks(api: KubeApi): Promise<void> {
  await removeRegistration(api);
}
