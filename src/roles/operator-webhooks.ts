// The webhooks of an operator process: every replica serves them; API servers are told of a Service by all, and of a URL by the one
// that leads, so that a replica that has gone is not asked for ever.
import type { Reach } from '#admission/registration.ts';
import type { OperatorConfig } from '#config/roles.ts';
import { formatListenAddress } from '#config/setting.ts';
import type { KubeApi } from '#kube/port.ts';
import type { Log } from '#observe/log.ts';
import { bind } from './bind.ts';
import type { RoleProcess, StartedRole } from './role-process.ts';
import { createWebhooks, withoutWebhooks } from './webhooks.ts';

export interface OperatorWebhooks {
  /** This operator leads from now on. */
  claim(): void;
}

/** Undefined: an API server elsewhere has no way to this process. Pure. */
export function reachOf(
  { webhookService, webhookUrl }: Pick<OperatorConfig, 'webhookService' | 'webhookUrl'>,
  server: string,
): Reach | 'listen' | undefined {
  if (webhookService !== undefined) return { service: webhookService };
  if (webhookUrl !== undefined) return { url: webhookUrl };
  const { hostname } = new URL(server);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname) ? 'listen' : undefined;
}

export async function startOperatorWebhooks(
  config: OperatorConfig,
  { clock, random }: RoleProcess,
  { log, stops }: StartedRole,
  { api, server }: { readonly api: KubeApi; readonly server: string },
): Promise<OperatorWebhooks> {
  // A configuration that an earlier run left would have every change refused. Only the leader: another one may not want that.
  if (!config.webhooks) return { claim: () => quietly(withoutWebhooks(api), log) };
  const reach = reachOf(config, server);
  if (reach === undefined) {
    log.warn(
      'webhooks are not served, because the API server has no way to this process: give --webhook-service or --webhook-url, or say --webhooks off. What only they refuse is reported by the runtime itself',
      { server },
    );
    return { claim: () => undefined };
  }
  const { webhookListen: listen } = config;
  const webhooks = createWebhooks({ api, clock, random, log, listen, ...(reach === 'listen' ? {} : { reach }) });
  const option = `--webhook-listen ${formatListenAddress({ host: listen.host, port: 0 })}`;
  const port = await bind('webhooks', option, listen.port, () => webhooks.listen());
  stops.push(() => webhooks.stop());
  log.info('webhooks are served', { port });
  const register = (): void => quietly(webhooks.register(), log);
  const isShared = reach !== 'listen' && 'service' in reach;
  if (isShared) register();
  return { claim: isShared ? () => undefined : register };
}

/** The webhooks try again by themselves; what is left to hear is that they were stopped before, or may not. */
function quietly(work: Promise<void>, log: Log): void {
  work.catch((error: unknown) => log.debug('webhooks', { error }));
}
