// Schema of the XTrinode resource: one named runtime. From it come the TypeScript types and the structural CRD
// (tools/gen.ts). Field names are the contract of the Go reference (reference-api section 1). Descriptions are what
// `kubectl explain` prints: what the field does, its unit, its default, an example.
import { z } from 'zod';
import { matches, withRules } from './cel-rules.ts';
import { specDefaults } from './defaults.ts';
import { goDuration, keptObject, labelSelector, maxNameLength, resourceRequirements } from './fields.ts';
import { sizeNames } from './sizes.ts';
import { firstSpoolingVersion, spoolingWords } from './spooling.rules.ts';
import { spooling } from './spooling.ts';
import * as forms from './text-forms.ts';

const { durationBounds, formWords, mostWorkers } = forms;

const workerCount = z.number().int().min(0).max(mostWorkers);
const host = withRules(z.string().max(maxNameLength), matches(forms.hostPattern, formWords.host));
const dataSize = withRules(z.string().max(32), matches(forms.dataSizePattern, formWords.dataSize));

const routing = withRules(
  z.object({
    routingGroup: withRules(z.string().min(1).max(63), matches(forms.routingGroupPattern, formWords.routingGroup))
      .describe(
        'Name of the group of runtimes that share their routes: a query for one of their names goes to any of them that is awake, and wakes the smallest where all sleep. Default: <namespace>--<name>, so each runtime is alone. The namespace of the oldest runtime has the name; other namespaces may join where that runtime names them in sharedWith.',
      )
      .optional(),
    header: withRules(z.string().max(300), matches(forms.headerPattern, formWords.header))
      .describe(
        'Value of the request header X-Trino-XTrinode that selects this runtime, as sales or as X-Trino-XTrinode=sales. Besides it, <namespace>/<name> always does. The oldest of several runtimes with one value has it.',
      )
      .optional(),
    hostname: host
      .describe('Exact host name that selects this runtime, such as sales.trino.example.com. It must lead clients to the gateway.')
      .optional(),
    hostnameDomain: host
      .describe('Domain to make the host name from, instead of hostname: the name is <routingGroup>.<hostnameDomain>.')
      .optional(),
    default: z
      .boolean()
      .describe(
        'Whether this runtime takes requests that name no runtime. One runtime of all may; the oldest that claims it has it. Default: false.',
      )
      .optional(),
    capacityUnits: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .describe(
        'Weight among the runtimes of one routing group: one with 4 takes four times as many queries as one with 1. Default: from the CPU that the workers ask for.',
      )
      .optional(),
    maxRunning: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .describe(
        'Queries that run at the same time on this runtime, such as 20. Further ones wait at the gateway, in turn by user, and say so to their clients, at most for wakePatience; in a routing group another runtime takes them. Default: any number.',
      )
      .optional(),
    stickyBy: z
      .enum(['User'])
      .describe(
        'User: within its routing group a user stays with one runtime while that is awake. Default: the runtime with the least to do.',
      )
      .optional(),
    sharedWith: z
      .array(withRules(z.string().min(1).max(63), matches(forms.namespacePattern, formWords.namespace)))
      .max(64)
      .describe('Namespaces whose runtimes may join the routing group of this one. Without it a group is of one namespace.')
      .optional(),
  }),
  {
    rule: '!(has(self.hostname) && has(self.hostnameDomain))',
    message: 'hostname and hostnameDomain exclude each other: keep one',
    messageExpression: "'hostname ' + self.hostname + ' and hostnameDomain ' + self.hostnameDomain + ' exclude each other: keep one'",
  },
  {
    rule: 'has(self.header) || has(self.hostname) || has(self.hostnameDomain) || (has(self.default) && self.default) || has(self.capacityUnits) || has(self.maxRunning)',
    message:
      'routing selects nothing: set header, hostname, hostnameDomain, default: true, maxRunning or (in a routingGroup) capacityUnits, or leave routing out',
  },
);

const limits = z.object({
  hardConcurrencyPerGroup: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .describe('Queries of one resource group that run at the same time. Kept as it is, without effect in this release.')
    .optional(),
  maxQueuedPerGroup: z
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .describe('Queries of one resource group that wait at the same time. Kept as it is, without effect in this release.')
    .optional(),
  session: z
    .object({
      maxQueryMemory: dataSize
        .describe(
          'Memory that one query may use on all workers together (query.max-memory), as a Trino data size such as 4GB. Default: as much as the workers have.',
        )
        .optional(),
      maxTotalMemoryPerNode: z
        .string()
        .max(32)
        .describe(
          'Memory that one query may use on one worker. Kept as it is, without effect in this release: it follows from the memory limit.',
        )
        .optional(),
    })
    .describe('Limits of a single query.')
    .optional(),
});

export const xtrinodeSpec = withRules(
  z.object({
    size: z
      .enum(sizeNames)
      .describe(
        'T-shirt size: CPU and memory of coordinator and workers, unless resources says otherwise. Limits of a worker: xs 2 CPU 8Gi, s 8 CPU 32Gi, m 16 CPU 64Gi, l 32 CPU 128Gi, xl 64 CPU 256Gi. The coordinator has 2 CPU and 8Gi in every size; in xs it works too. A change restarts Trino without failing queries.',
      ),
    version: withRules(z.string().max(8), matches(forms.versionPattern, formWords.version))
      .default(specDefaults.version)
      .describe(
        'Trino version in quotes, such as "483". It decides the image, the configuration and the JVM flags. A change restarts Trino without failing queries.',
      ),
    image: withRules(z.string().max(512), matches(forms.imagePattern, formWords.image))
      .describe(
        'Complete reference of the container image, for a registry of your own. It must contain the Trino of version. Default: trinodb/trino:<version>.',
      )
      .optional(),
    workers: workerCount
      .describe(
        'Number of workers while awake; kubectl scale and autoscalers set it too. Never above maxWorkers nor below minWorkers. Default: maxWorkers, else 2.',
      )
      .optional(),
    maxWorkers: workerCount
      .describe('Upper bound of workers, and their number where workers is not set. 0 asks for a coordinator that works alone.')
      .optional(),
    minWorkers: workerCount.default(specDefaults.minWorkers).describe('Lower bound of workers while awake. Default: 0.'),
    suspended: z
      .boolean()
      .default(specDefaults.suspended)
      .describe(
        'Whether the runtime should sleep: no processes, no cost, its address stays. Nobody but you writes it. A query wakes a sleeping runtime all the same, and the next idleness puts it back; status.lifecycle tells which decision holds and why. Default: false.',
      ),
    autoSuspendAfter: goDuration(durationBounds.autoSuspendAfter)
      .default(specDefaults.autoSuspendAfter)
      .describe(
        'Idle time after which the runtime goes to sleep, from 1s to 8760h, such as 90s, 5m or 1h30m, or never. It counts from the first readiness or the end of the last query. Default: 5m.',
      ),
    wakePatience: goDuration(durationBounds.wakePatience)
      .default(specDefaults.wakePatience)
      .describe(
        'Longest time a query waits for the runtime to wake before its client gets an error with the reason, from 1s to 24h. Default: 10m.',
      ),
    resources: z
      .object({
        coordinator: resourceRequirements
          .describe(
            'Replaces the CPU and memory of the size for the coordinator; nothing of the size is left then, so give requests and limits.',
          )
          .optional(),
        worker: resourceRequirements
          .describe(
            'Replaces the CPU and memory of the size for each worker; nothing of the size is left then, so give requests and limits.',
          )
          .optional(),
      })
      .describe('CPU and memory per role, where no size fits. A change restarts Trino without failing queries.')
      .optional(),
    routing: routing
      .describe(
        'How clients select this runtime at the gateway, beside <namespace>/<name> in X-Trino-XTrinode, which always does. A claim that somebody older has is lost and told in condition RouteReady.',
      )
      .optional(),
    catalogSelector: labelSelector
      .describe('Selects the XTrinodeCatalogs of the same namespace by their spec.labels. Absent: no catalogs. Empty ({}): all of them.')
      .optional(),
    limits: limits.describe('Limits of queries on this runtime.').optional(),
    spooling: spooling
      .describe(
        'Large results in segments through an object store, fetched in parallel: the spooling protocol of Trino. A change restarts Trino without failing queries.',
      )
      .optional(),
    wakeMinWorkers: workerCount
      .describe('Least number of workers for a while after a wake. Kept as it is, without effect in this release.')
      .optional(),
    wakeTTL: goDuration(durationBounds.wakeTTL)
      .describe('How long wakeMinWorkers holds after a wake. Kept as it is, without effect in this release.')
      .optional(),
    resourceGroupsProfile: z
      .string()
      .max(maxNameLength)
      .describe('ConfigMap of the namespace with a resource-groups.json. Kept as it is, without effect in this release.')
      .optional(),
    customConfigMaps: z
      .array(z.string().max(maxNameLength))
      .max(64)
      .describe('ConfigMaps to mount below /etc/trino/custom on coordinator and workers. Kept as it is, without effect in this release.')
      .optional(),
    placement: keptObject('Where Pods may run: nodeSelector, tolerations, affinity, for both roles or one.'),
    nodePool: keptObject('A pool of nodes to provision for this runtime through Cluster API.'),
    operatorNodePoolDefaults: keptObject('Values for what nodePool leaves out.'),
    trinoControlAuth: keptObject('User and password Secret with which the control plane calls Trino.'),
    faultTolerantExecution: keptObject('Retry policy and exchange manager of fault-tolerant execution.'),
    keda: keptObject('Autoscaling of the workers through KEDA.'),
    tls: keptObject('TLS at Trino and between its nodes.'),
    helmChartConfig: keptObject(
      'Typed counterparts of values of the official Trino chart, such as ingress, access control and extra volumes.',
    ),
    rolloutPolicy: keptObject('How a new revision replaces the old one.'),
    valuesOverlay: keptObject('Values of the official Trino chart, as they stand there.'),
  }),
  {
    rule: `!has(self.spooling) || !self.version.matches('^[0-9]{3,4}$') || int(self.version) >= ${firstSpoolingVersion}`,
    message: `spooling ${spoolingWords.version}`,
    fieldPath: '.spooling',
  },
  {
    rule: '!has(self.maxWorkers) || self.minWorkers <= self.maxWorkers',
    message: 'minWorkers must not exceed maxWorkers: lower it or raise maxWorkers',
    messageExpression:
      "'minWorkers %d must not exceed maxWorkers %d: lower it or raise maxWorkers'.format([self.minWorkers, self.maxWorkers])",
    fieldPath: '.minWorkers',
  },
  {
    rule: '!has(self.maxWorkers) || !has(self.wakeMinWorkers) || self.wakeMinWorkers <= self.maxWorkers',
    message: 'wakeMinWorkers must not exceed maxWorkers: lower it or raise maxWorkers',
    messageExpression:
      "'wakeMinWorkers %d must not exceed maxWorkers %d: lower it or raise maxWorkers'.format([self.wakeMinWorkers, self.maxWorkers])",
    fieldPath: '.wakeMinWorkers',
  },
);

export type XTrinodeSpec = z.output<typeof xtrinodeSpec>;
