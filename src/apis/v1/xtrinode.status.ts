// Schema of the status of an XTrinode: what is, written by the operator alone. Names of the Go reference where it has them
// (reference-api 1.14).
import { z } from 'zod';
import { conditions } from './fields.ts';

const instant = z.iso.datetime();

export const lifecycleCauses = ['Spec', 'Resume', 'Suspend', 'Demand', 'DemandEnded', 'StartFailed', 'Idle'] as const;

const desired = z.enum(['Awake', 'Asleep']);
const causeWords = 'What made it: Spec, Resume, Suspend, Demand (a query), DemandEnded, StartFailed or Idle.';

const lifecycle = z.object({
  schema: z
    .number()
    .int()
    .describe('Version of this part of the status. A reader that does not know it lets the spec decide. Default: 1.')
    .optional(),
  desired: desired.describe('What the newest decision asks for: Awake or Asleep.'),
  cause: z.enum(lifecycleCauses).describe(causeWords),
  message: z.string().describe('The newest decision in plain words.'),
  decidedAt: instant.describe('When the newest decision was made.'),
  sequence: z.number().int().describe('Number of the newest decision; it grows by one with each.'),
  seenSuspended: z.boolean().describe('Value of spec.suspended as the operator last saw it; a change of it is a decision.'),
  seenDemand: z.string().describe('Arrival of the newest waiting query that was taken into account.').optional(),
  readyAt: instant.describe('First readiness since the newest decision; the idle clock starts here.').optional(),
  previous: z
    .object({
      desired: desired.describe('What the decision before asked for: Awake or Asleep.'),
      cause: z.enum(lifecycleCauses).describe(causeWords),
      message: z.string().describe('The decision before in plain words.'),
      decidedAt: instant.describe('When the decision before was made.'),
    })
    .describe('The decision before the newest one.')
    .optional(),
});

const coordinator = z.object({
  revision: z.string().describe('Revision that the coordinator belongs to.'),
  instance: z.string().describe('Pod uid and restart count: one start of one process.'),
  url: z.string().describe('Address at which a query was seen to run.'),
  coordinatorId: z.string().describe('Last five characters of its query ids, by which gateways find it.').optional(),
  provenAt: instant.describe('When a query was first seen to run on it.'),
});

const retiring = z.array(
  z.object({
    revision: z.string().describe('Revision that the former coordinator belongs to.'),
    url: z.string().describe('Address of the former coordinator.'),
    coordinatorId: z.string().describe('Last five characters of its query ids, by which gateways find it.').optional(),
    since: instant.describe('When the route left the former coordinator.'),
  }),
);

export const xtrinodeStatus = z.object({
  phase: z
    .string()
    .describe('Pending, Reconciling, Ready, Suspending, Suspended, Resuming or Error. For the eye; the truth is in conditions.')
    .optional(),
  observedGeneration: z.number().int().describe('Generation of the spec that this status describes, as in metadata.generation.').optional(),
  coordinatorURL: z.string().describe('Where the coordinator listens inside the cluster; clients go through the gateway.').optional(),
  workers: z.number().int().describe('Number of workers that are ready.').optional(),
  selector: z.string().describe('Label selector of the worker Pods, for the scale subresource.').optional(),
  route: z.string().describe('How clients select the runtime: its host name, header value or "default".').optional(),
  currentRevision: z
    .string()
    .describe('Revision rendered from the spec: eight hexadecimal digits over all that needs a restart.')
    .optional(),
  servingRevision: z
    .string()
    .describe('Revision that the route points at; another one than currentRevision while a change rolls out.')
    .optional(),
  lastActivity: instant.describe('Last query activity seen when idleness was last judged.').optional(),
  observedCatalogs: z
    .array(z.string())
    .describe('Trino names of the catalogs of the current revision.')
    .meta({ 'x-kubernetes-list-type': 'set' })
    .optional(),
  lifecycle: lifecycle.describe('Why the runtime is awake or asleep; xtrinode why says it in words.').optional(),
  coordinator: coordinator.describe('The coordinator process that was last proven to run queries.').optional(),
  retiring: retiring
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('Coordinators of former revisions that finish their queries; new ones go elsewhere.')
    .optional(),
  conditions: conditions
    .describe('Judgements, each by one part of the operator: Ready is the summary, the others say what it waits for.')
    .optional(),
});

export type XTrinodeStatus = z.output<typeof xtrinodeStatus>;
