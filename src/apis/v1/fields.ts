// Building blocks of our schemas: zod pieces that carry the Kubernetes extensions which the structural converter copies.
// Everything has an upper bound, because API servers estimate from it what a rule may cost. Used when the CRDs and their
// types are generated; nothing at run time imports zod.
import { z } from 'zod';
import { celText, propertyRules } from '#core/property-text.ts';
import { withRules } from './cel-rules.ts';
import { durationPattern, durationWords, type DurationBounds } from './text-forms.ts';

/** Longest name of a Kubernetes object. */
export const maxNameLength = 253;

/** A quantity such as `500m` or `8Gi`: integer or string on the wire. */
export const quantity = withRules(z.union([z.number().int(), z.string()]).meta({ 'x-kubernetes-int-or-string': true, maxLength: 32 }), {
  rule: "type(self) == int ? self > 0 : isQuantity(self) && quantity(self).isGreaterThan(quantity('0'))",
  message: 'must be a quantity greater than zero: write for example 512Mi, 1.5Gi, 500m or 2',
});

/** Go duration string within bounds. */
export function goDuration(bounds: DurationBounds) {
  const { least, most, orNever = false } = bounds;
  const isWithin = `self.matches(${celText(durationPattern)}) && duration(self) >= duration('${least}') && duration(self) <= duration('${most}')`;
  return withRules(z.string().max(32), { rule: orNever ? `self == 'never' || ${isWithin}` : isWithin, message: durationWords(bounds) });
}

/** A reference field whose shape we keep but whose effect is still to come; see findIgnoredFields in xtrinode.rules.ts. */
export function keptObject(description: string) {
  return z
    .looseObject({})
    .describe(`${description} Kept as it is, without effect in this release: condition FieldsIgnored names it.`)
    .optional();
}

export function stringMap(maxProperties: number, value: z.ZodString = z.string().max(maxNameLength)) {
  return z.record(z.string(), value).meta({ maxProperties });
}

/** Of a property, passed on to Trino. Not shown with its value, which may be a secret: hence Forbidden. */
export const propertyValue = withRules(
  z.string().max(4096),
  ...propertyRules.map(({ cel, message }) => ({ rule: cel, message, reason: 'FieldValueForbidden' as const })),
);

const quantities = z.record(z.string(), quantity).meta({ maxProperties: 16 });

/** Where the expression reads a quantity of `requests` or `limits`, and it is one. */
const readable = (list: string, name: string): string =>
  `has(self.${list}) && ${name} in self.${list} && isQuantity(string(self.${list}[${name}]))`;
const read = (list: string, name: string): string => `quantity(string(self.${list}[${name}]))`;
const leastMemory = "quantity('512Mi')";

export const resourceRequirements = withRules(
  z.object({
    requests: quantities
      .describe(
        'Amount that is reserved, by resource name: cpu in cores (500m is half a core), memory in bytes (8Gi). Scheduling counts it.',
      )
      .optional(),
    limits: quantities
      .describe(
        'Most that may be used, by resource name: cpu in cores, memory in bytes. The Java heap follows from the memory limit (80 % of it, less for small ones), so nobody has to compute an -Xmx.',
      )
      .optional(),
    claims: z
      .array(z.looseObject({}))
      .max(16)
      .describe('Dynamic resource claims as in a container. Kept as they are, without effect in this release.')
      .optional(),
  }),
  {
    rule: `!(${readable('limits', "'memory'")}) || ${read('limits', "'memory'")}.compareTo(${leastMemory}) >= 0`,
    message: 'limits.memory is too small for a Trino process: give it at least 512Mi',
    messageExpression: "'limits.memory ' + string(self.limits['memory']) + ' is too small for a Trino process: give it at least 512Mi'",
  },
  {
    rule:
      `(has(self.limits) && 'memory' in self.limits) || !(${readable('requests', "'memory'")}) || ` +
      `${read('requests', "'memory'")}.compareTo(${leastMemory}) >= 0`,
    message: 'requests.memory is too small for a Trino process: give it at least 512Mi, or a limit of that',
    messageExpression:
      "'requests.memory ' + string(self.requests['memory']) + ' is too small for a Trino process: give it at least 512Mi, or a limit of that'",
  },
  ...['cpu', 'memory'].map((name) => ({
    rule:
      `!(${readable('limits', `'${name}'`)}) || !(${readable('requests', `'${name}'`)}) || ` +
      `${read('limits', `'${name}'`)}.compareTo(${read('requests', `'${name}'`)}) >= 0`,
    message: `limits.${name} must be at least requests.${name}: raise the limit or lower the request`,
    messageExpression:
      `'limits.${name} ' + string(self.limits['${name}']) + ' must be at least requests.${name} ' + string(self.requests['${name}']) + ` +
      "': raise the limit or lower the request'",
  })),
);

export const secretKeySelector = withRules(
  z.object({
    name: z.string().max(maxNameLength).default('').describe('Name of the Secret, in the namespace of the catalog.'),
    key: z.string().max(maxNameLength).describe('Key within the Secret whose value is used, such as password.'),
    optional: z.boolean().describe('Whether Trino may start when the Secret or its key is missing. Default: false.').optional(),
  }),
  { rule: "self.name != '' && self.key != ''", message: 'name and key of a Secret are needed: write both' },
);

export const labelSelector = z
  .object({
    matchLabels: stringMap(64).describe('Labels that must be present with exactly these values. All of them must match.').optional(),
    matchExpressions: z
      .array(
        withRules(
          z.object({
            key: z.string().min(1).max(317).describe('Label key that the requirement is about, such as team.'),
            operator: z
              .enum(['In', 'NotIn', 'Exists', 'DoesNotExist'])
              .describe('How key and values relate: In and NotIn compare with values, Exists and DoesNotExist ask for the key alone.'),
            values: z
              .array(z.string().max(maxNameLength))
              .max(64)
              .describe('Values for In and NotIn, at least one. Must be left out for Exists and DoesNotExist.')
              .optional(),
          }),
          {
            rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)",
            message: 'In and NotIn need values, Exists and DoesNotExist have none: add or remove values',
            messageExpression:
              "'operator ' + self.operator + ' of ' + self.key + (self.operator in ['In', 'NotIn'] ? ' needs values: add some' : ' has no values: remove them')",
          },
        ),
      )
      .max(32)
      .describe('Requirements on labels, all of which must hold.')
      .optional(),
  })
  .meta({ 'x-kubernetes-map-type': 'atomic' });

export const conditions = z
  .array(
    z.object({
      type: z.string().max(316).describe('What is judged, such as Ready or RouteReady.'),
      status: z.enum(['True', 'False', 'Unknown']).describe('The judgement: True, False or Unknown.'),
      reason: z.string().max(1024).describe('The reason in one word, for programs.'),
      message: z.string().max(32768).describe('A sentence for people: what happened, what follows, what can be done.'),
      lastTransitionTime: z.iso.datetime().describe('When the status last changed, in RFC 3339.'),
      observedGeneration: z.number().int().describe('Generation of the spec that was judged, as in metadata.generation.').optional(),
    }),
  )
  .max(32)
  .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] });
