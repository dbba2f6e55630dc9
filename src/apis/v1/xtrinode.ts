// Schema of the XTrinode resource: one named runtime. From it come the TypeScript types and the structural CRD
// (tools/gen.ts). Field names are the contract of the Go reference (reference-api section 1); additions are marked.
import { z } from 'zod';
import { conditions, goDuration, keptObject, labelSelector, resourceRequirements } from './fields.ts';
import { sizeNames } from './sizes.ts';

const routing = z
  .object({
    routingGroup: z
      .string()
      .min(1)
      .max(63)
      .describe('Pool of runtimes that share routes. Default: <namespace>--<name>, the runtime alone.')
      .optional(),
    header: z
      .string()
      .max(300)
      .describe('Value of the request header X-Trino-XTrinode that selects this runtime; written as value or as X-Trino-XTrinode=value.')
      .optional(),
    hostname: z.string().max(253).describe('Exact host name that selects this runtime.').optional(),
    hostnameDomain: z.string().max(253).describe('Domain: the host name is <routingGroup>.<hostnameDomain>.').optional(),
    default: z.boolean().describe('Whether this runtime takes requests that name no runtime. One runtime may own it.').optional(),
    capacityUnits: z.number().int().min(1).describe('Weight among the runtimes of one routing group.').optional(),
  })
  .meta({
    'x-kubernetes-validations': [
      { rule: '!(has(self.hostname) && has(self.hostnameDomain))', message: 'hostname and hostnameDomain exclude each other: keep one' },
      {
        rule: 'has(self.header) || has(self.hostname) || has(self.hostnameDomain) || (has(self.default) && self.default) || has(self.capacityUnits)',
        message: 'routing selects nothing: set header, hostname, hostnameDomain or default: true, or leave routing out',
      },
    ],
  });

export const xtrinodeSpec = z
  .object({
    size: z.enum(sizeNames).describe('T-shirt size: CPU and memory of coordinator and workers, unless resources says otherwise.'),
    version: z
      .string()
      .regex(/^[0-9]{3,4}$/)
      .default('483')
      .describe('Trino version, e.g. "483". Decides the image, the configuration and the JVM flags.'),
    image: z
      .string()
      .max(512)
      .describe('Complete image reference; default trinodb/trino:<version>. It must contain the Trino of version.')
      .optional(),
    workers: z
      .number()
      .int()
      .min(0)
      .max(500)
      .describe('Number of workers; also set through the scale subresource. Default: maxWorkers, else 2.')
      .optional(),
    maxWorkers: z
      .number()
      .int()
      .min(0)
      .max(500)
      .describe('Upper bound of workers; the number of workers where workers is not set.')
      .optional(),
    minWorkers: z.number().int().min(0).max(500).default(0).describe('Lower bound of workers.'),
    suspended: z
      .boolean()
      .default(false)
      .describe('Whether the runtime should sleep. A query wakes it all the same; status.lifecycle tells which decision holds.'),
    autoSuspendAfter: z
      .union([goDuration, z.literal('never')])
      .default('5m')
      .meta({ type: 'string', pattern: '^(never|0|([0-9]+(\\.[0-9]+)?(ns|us|µs|ms|s|m|h))+)$', maxLength: 32 })
      .describe('Idle time after which the runtime goes to sleep, as a Go duration (90s, 5m, 1h30m), or never.'),
    wakePatience: goDuration
      .default('10m')
      .describe('Longest time a query waits for the runtime to wake before its client gets an error with the reason.'),
    resources: z
      .object({
        coordinator: resourceRequirements.describe('Replaces the CPU and memory of the size for the coordinator.').optional(),
        worker: resourceRequirements.describe('Replaces the CPU and memory of the size for each worker.').optional(),
      })
      .describe('CPU and memory per role. A role that is present replaces the whole preset of that role.')
      .optional(),
    routing: routing
      .describe('How clients select this runtime at the gateway. <namespace>/<name> in X-Trino-XTrinode always does.')
      .optional(),
    catalogSelector: labelSelector
      .describe('Selects XTrinodeCatalogs of the same namespace by their spec.labels. Absent: none. Empty: all.')
      .optional(),
    limits: z
      .object({
        hardConcurrencyPerGroup: z
          .number()
          .int()
          .min(1)
          .describe('Running queries per resource group; kept, without effect yet.')
          .optional(),
        maxQueuedPerGroup: z.number().int().min(0).describe('Queued queries per resource group; kept, without effect yet.').optional(),
        session: z
          .object({
            maxQueryMemory: z.string().max(32).describe('query.max-memory, a Trino data size such as 4GB.').optional(),
            maxTotalMemoryPerNode: z.string().max(32).describe('Kept, without effect yet.').optional(),
          })
          .describe('Limits of a single query.')
          .optional(),
      })
      .describe('Query limits.')
      .optional(),
    wakeMinWorkers: z.number().int().min(0).describe('Worker floor after a wake; kept, without effect yet.').optional(),
    wakeTTL: goDuration.describe('Length of the wake window; kept, without effect yet.').optional(),
    resourceGroupsProfile: z.string().max(253).describe('ConfigMap with resource-groups.json; kept, without effect yet.').optional(),
    customConfigMaps: z.array(z.string()).describe('ConfigMaps mounted below /etc/trino/custom; kept, without effect yet.').optional(),
    placement: keptObject('Scheduling constraints; kept, without effect yet.'),
    nodePool: keptObject('Node pool to provision; kept, without effect yet.'),
    operatorNodePoolDefaults: keptObject('Fallbacks of nodePool; kept, without effect yet.'),
    trinoControlAuth: keptObject('Credential of the control plane at Trino; kept, without effect yet.'),
    faultTolerantExecution: keptObject('Retry policy and exchange manager; kept, without effect yet.'),
    keda: keptObject('Worker autoscaling; kept, without effect yet.'),
    tls: keptObject('TLS between Trino nodes and at Trino; kept, without effect yet.'),
    helmChartConfig: keptObject('Typed counterparts of the official chart’s values; kept, without effect yet.'),
    rolloutPolicy: keptObject('How a new revision replaces the old one; kept, without effect yet.'),
    valuesOverlay: keptObject('Values of the official chart; kept, without effect yet.'),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: '!has(self.maxWorkers) || self.minWorkers <= self.maxWorkers',
        message: 'minWorkers must not exceed maxWorkers',
      },
    ],
  });

const instant = z.iso.datetime();

export const lifecycleCauses = ['Spec', 'Resume', 'Suspend', 'Demand', 'DemandEnded', 'StartFailed', 'Idle'] as const;

export const xtrinodeStatus = z.object({
  phase: z
    .string()
    .describe('Pending, Reconciling, Ready, Suspending, Suspended, Resuming or Error. For the eye; the truth is in conditions.')
    .optional(),
  observedGeneration: z.number().int().describe('Generation of the spec that this status describes.').optional(),
  coordinatorURL: z.string().describe('Where the coordinator listens inside the cluster.').optional(),
  workers: z.number().int().describe('Ready workers.').optional(),
  selector: z.string().describe('Label selector of the worker Pods, for the scale subresource.').optional(),
  route: z.string().describe('How clients select the runtime: its host name, header value or "default".').optional(),
  currentRevision: z.string().describe('Revision rendered from the spec.').optional(),
  servingRevision: z.string().describe('Revision that the route points at.').optional(),
  lastActivity: instant.describe('Last query activity seen when idleness was last judged.').optional(),
  observedCatalogs: z.array(z.string()).describe('Catalogs of the current revision.').meta({ 'x-kubernetes-list-type': 'set' }).optional(),
  lifecycle: z
    .object({
      desired: z.enum(['Awake', 'Asleep']).describe('What the newest decision asks for.'),
      cause: z.enum(lifecycleCauses).describe('What made that decision.'),
      message: z.string().describe('The decision in plain words.'),
      decidedAt: instant.describe('When it was made.'),
      sequence: z.number().int().describe('Number of the decision; grows by one with each.'),
      seenSuspended: z.boolean().describe('spec.suspended as last seen.'),
      seenDemand: z.string().describe('Arrival of the newest demand taken into account.').optional(),
      readyAt: instant.describe('First readiness since that decision; the idle clock starts here.').optional(),
      previous: z
        .object({
          desired: z.enum(['Awake', 'Asleep']).describe('What the decision before asked for.'),
          cause: z.enum(lifecycleCauses).describe('What made it.'),
          message: z.string().describe('In plain words.'),
          decidedAt: instant.describe('When it was made.'),
        })
        .describe('The decision before the newest one.')
        .optional(),
    })
    .describe('Why the runtime is awake or asleep.')
    .optional(),
  coordinator: z
    .object({
      revision: z.string().describe('Its revision.'),
      instance: z.string().describe('Pod uid and restart count: one start of one process.'),
      url: z.string().describe('Address that was proven.'),
      coordinatorId: z.string().describe('Suffix of its query ids.').optional(),
      provenAt: instant.describe('When a query was first seen to run on it.'),
    })
    .describe('The coordinator process that was last proven to run queries.')
    .optional(),
  retiring: z
    .array(
      z.object({
        revision: z.string().describe('Its revision.'),
        url: z.string().describe('Its address.'),
        coordinatorId: z.string().describe('Suffix of its query ids.').optional(),
        since: instant.describe('When the route left it.'),
      }),
    )
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('Coordinators of former revisions that finish their queries; new ones go elsewhere.')
    .optional(),
  conditions: conditions.describe('Each judged by one part of the operator.').optional(),
});

export type XTrinodeSpec = z.output<typeof xtrinodeSpec>;
export type XTrinodeStatus = z.output<typeof xtrinodeStatus>;
