// Resume and suspend as annotations (reference-api 5.2): the same command twice is one write. Shell.
import type { Clock } from '#core/clock.ts';
import { annotations, xtrinodes } from '#apis/v1/resources.ts';
import type { XTrinode } from '#apis/v1/objects.ts';
import type { KubeApi } from '#kube/port.ts';

export type Command = 'resume' | 'suspend';

const names = {
  resume: { requested: annotations.resumeRequested, at: annotations.resumeRequestedAt, desired: 'Awake' },
  suspend: { requested: annotations.suspendRequested, at: annotations.suspendRequestedAt, desired: 'Asleep' },
} as const;

/** Whether the command was written; false when it is already what holds or what was asked for. */
export async function recordCommand(api: KubeApi, clock: Clock, runtime: XTrinode, command: Command): Promise<boolean> {
  const { requested, at, desired } = names[command];
  const other = names[command === 'resume' ? 'suspend' : 'resume'];
  const present = runtime.metadata.annotations ?? {};
  const isAsked = present[requested] === 'true' && present[other.requested] !== 'true';
  const { lifecycle } = runtime.status ?? {};
  const holds = present[other.requested] !== 'true' && lifecycle?.desired === desired && lifecycle.seenSuspended === runtime.spec.suspended;
  if (isAsked || holds) return false;
  const { name, namespace } = runtime.metadata;
  const metadata = { annotations: { [requested]: 'true', [at]: new Date(clock.now()).toISOString() } };
  await api.patch(
    xtrinodes,
    { name, ...(namespace === undefined ? {} : { namespace }) },
    'merge',
    { metadata },
    { fieldManager: 'xtrinode-api-server' },
  );
  return true;
}
