// The Kubernetes API with every write that goes through it written down, in the words of `describeCall`.
import { describeCall, interceptApi, isWrite } from '#kube/control/intercepted-api.ts';
import type { KubeApi } from '#kube/port.ts';

export function listWrites(api: KubeApi): { readonly api: KubeApi; readonly writes: string[] } {
  const writes: string[] = [];
  const listed = interceptApi(api, {
    call(call, proceed) {
      if (isWrite(call)) writes.push(describeCall(call));
      return proceed();
    },
    stream: (_call, open) => open(),
  });
  return { api: listed, writes };
}
