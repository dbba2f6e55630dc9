// Defaults of our fields, once for the CRD, which fills them in, and for readers that meet an object of a CRD without them. Pure.

export const specDefaults = Object.freeze({
  version: '483',
  minWorkers: 0,
  suspended: false,
  autoSuspendAfter: '5m',
  wakePatience: '10m',
});

/** Version of status.lifecycle: raised when a reader of the one before would misunderstand it (docs/contracts.md). */
export const lifecycleSchema = 1;
