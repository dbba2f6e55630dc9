// Building blocks of our schemas: zod pieces that carry the Kubernetes extensions which the structural converter copies.
// Used when the CRDs and their types are generated; nothing at run time imports zod.
import { z } from 'zod';

/** A quantity such as `500m` or `8Gi`: integer or string on the wire. */
export const quantity = z
  .union([z.number().int(), z.string()])
  .meta({ 'x-kubernetes-int-or-string': true, pattern: '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$' });

/** Go duration string. The pattern refuses at the API server what the reference refused only when decoding. */
export const goDuration = z
  .string()
  .max(32)
  .regex(/^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$|^0$/);

/** A reference field whose shape we keep but whose effect is still to come; see ignoredFields in xtrinode.rules.ts. */
export function keptObject(description: string) {
  return z.looseObject({}).describe(description).optional();
}

export const stringMap = z.record(z.string(), z.string());

export const resourceRequirements = z.object({
  requests: z.record(z.string(), quantity).describe('Least amount guaranteed, by resource name (cpu, memory).').optional(),
  limits: z
    .record(z.string(), quantity)
    .describe('Most amount allowed, by resource name (cpu, memory). The Java heap follows from the memory limit.')
    .optional(),
  claims: z.array(z.looseObject({})).describe('Dynamic resource claims; kept, without effect.').optional(),
});

export const secretKeySelector = z.object({
  name: z.string().default('').describe('Name of the Secret in the same namespace.'),
  key: z.string().describe('Key within the Secret.'),
  optional: z.boolean().describe('Whether the Secret or its key may be missing.').optional(),
});

export const labelSelector = z
  .object({
    matchLabels: stringMap.describe('Labels that must be present with exactly these values.').optional(),
    matchExpressions: z
      .array(
        z.object({
          key: z.string().describe('Label key.'),
          operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']).describe('How key and values relate.'),
          values: z.array(z.string()).describe('Values for In and NotIn.').optional(),
        }),
      )
      .describe('Requirements, all of which must hold.')
      .optional(),
  })
  .meta({ 'x-kubernetes-map-type': 'atomic' });

export const conditions = z
  .array(
    z.object({
      type: z.string().max(316).describe('What is judged, e.g. Ready.'),
      status: z.enum(['True', 'False', 'Unknown']).describe('The judgement.'),
      reason: z.string().max(1024).describe('One word for programs.'),
      message: z.string().max(32768).describe('A sentence for people: what happened, what follows, what can be done.'),
      lastTransitionTime: z.iso.datetime().describe('When the status last changed.'),
      observedGeneration: z.number().int().describe('Generation of the spec that was judged.').optional(),
    }),
  )
  .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] });
