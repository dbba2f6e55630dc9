// The demand port over HTTP: the gateway has no write access to Kubernetes, it asks the API server (design D8).
import type { ApiServerClient } from '../api-server-client.ts';
import type { DemandPort } from './demand.ts';

/** `gateway` tells this replica from others. */
export function createApiServerDemand(client: ApiServerClient, gateway: string): DemandPort {
  return {
    ask: (runtime, demand) => client.call({ method: 'POST', path: `/runtimes/${runtime}/demand`, body: { ...demand, gateway } }),
    // 404: the runtime is gone, and its demand with it.
    end: (runtime) => client.call({ method: 'DELETE', path: `/runtimes/${runtime}/demand?gateway=${gateway}` }),
  };
}
