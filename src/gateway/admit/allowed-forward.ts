// Forwarding with the question whether who asks may use that runtime. Pages of a query and what else is open carry no identity: they
// are not asked. Shell.
import { sendProblem } from '../answers.ts';
import type { Forward } from '../forward.ts';
import type { GatewayProblem } from '../problems.ts';
import type { MayUse } from './access.ts';
import type { Identity } from './identity.ts';

export function notAllowed(
  identity: Identity | undefined,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): GatewayProblem {
  return { code: 'FORBIDDEN', detail: `Access Denied: ${identity?.name ?? 'nobody'} may not use runtime ${namespace}/${name}` };
}

export function createAllowedForward(forward: Forward, mayUse: MayUse): Forward {
  return (context, entry, options) => {
    if (context.identity === undefined || mayUse(context.identity, entry)) return forward(context, entry, options);
    sendProblem(context.exchange, notAllowed(context.identity, entry));
    return Promise.resolve('done');
  };
}
