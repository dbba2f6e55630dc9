// Rules on spec.spooling, asked by operator and webhooks as in xtrinode.rules.ts; their forms and words also stand in the CRD. Pure;
// throws nothing, whatever it is given. Source: Trino docs, Client protocol, "Spooling protocol".
import { findPropertyProblem } from '#core/property-text.ts';
import type { DurationBounds } from './text-forms.ts';

/** Without WORKER_PROXY: it would send clients to addresses of workers, which are nobody's outside the cluster. */
export const retrievalModes = ['STORAGE', 'COORDINATOR_STORAGE_REDIRECT', 'COORDINATOR_PROXY'] as const;
/** In these the coordinator has to be there for as long as there are segments. */
export const coordinatorModes: readonly string[] = ['COORDINATOR_STORAGE_REDIRECT', 'COORDINATOR_PROXY'];

export const spoolingBounds = { least: '1m', most: '168h' } as const satisfies DurationBounds;
/** The protocol came with 466; before 476 it was not dependable (spec of Stackable's operator, too). */
export const firstSpoolingVersion = 476;

export const spoolingForms = Object.freeze({
  location: '^(s3|gs|abfss?)://[!-~]+$',
  property: '^[a-z][a-z0-9.-]*$',
});

export const spoolingWords = Object.freeze({
  location: 'must be a place in an object store, such as s3://trino-spool/sales/: its scheme is s3, gs, abfs or abfss',
  mode: `must be one of ${retrievalModes.join(', ')}; WORKER_PROXY would send clients to addresses that they cannot reach`,
  property:
    'must be names of properties, such as s3.region: lower-case letters, digits, dots and dashes; fs.location and fs.segment.ttl are fields of their own',
  needsTtl:
    'segmentTtl is needed where the coordinator serves segments: give for example 30m; the runtime stays awake for that long after its last query',
  version: `needs Trino ${firstSpoolingVersion} or later: raise version, or leave spooling out`,
});

interface Problem {
  readonly field: string;
  readonly value?: unknown;
  readonly message: string;
}

type Members = Readonly<Record<string, unknown>>;

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const location = new RegExp(spoolingForms.location, 'u');
const property = new RegExp(spoolingForms.property, 'u');
const ownFields = ['fs.location', 'fs.segment.ttl'];
const sensitiveName = /password|secret|access-?key|private-?key|api-?key|token|credential|json-key/;

function propertyProblems(properties: Members, references: Members): Problem[] {
  const field = 'spec.spooling.properties';
  return Object.entries(properties).flatMap(([name, value]) => {
    if (!property.test(name) || ownFields.includes(name)) return [{ field, value: name, message: spoolingWords.property }];
    const message =
      typeof value !== 'string'
        ? 'must be text: put it in quotes'
        : (findPropertyProblem(value) ??
          (sensitiveName.test(name) && value !== 'true' && value !== 'false'
            ? 'looks like a secret: move it to propertySecretRefs'
            : undefined) ??
          (Object.hasOwn(references, name) ? 'is also in propertySecretRefs: keep one of them' : undefined));
    // Without its value, which may be a secret.
    return message === undefined ? [] : [{ field: `${field}[${name}]`, message }];
  });
}

function referenceProblems(references: Members): Problem[] {
  const field = 'spec.spooling.propertySecretRefs';
  return Object.entries(references).flatMap(([name, reference]) => {
    if (!property.test(name)) return [{ field, value: name, message: spoolingWords.property }];
    const { name: secret = '', key = '' } = isMembers(reference) ? reference : {};
    return typeof secret === 'string' && typeof key === 'string' && secret !== '' && key !== ''
      ? []
      : [{ field: `${field}[${name}]`, message: 'name and key of a Secret are needed: write both' }];
  });
}

/** `isWithin`: whether a value is a duration within bounds. */
export function findSpoolingProblems(
  { spooling, version }: Members,
  isWithin: (value: unknown, bounds: DurationBounds) => boolean,
  durationWords: (bounds: DurationBounds) => string,
): Problem[] {
  if (spooling === undefined) return [];
  if (!isMembers(spooling))
    return [{ field: 'spec.spooling', value: spooling, message: 'must be an object with a location, or be left out' }];
  const { location: place, retrievalMode: mode = 'STORAGE', segmentTtl, properties = {}, propertySecretRefs: references = {} } = spooling;
  const problems: Problem[] = [];
  if (typeof place !== 'string' || !location.test(place))
    problems.push({ field: 'spec.spooling.location', value: place, message: spoolingWords.location });
  if (!(retrievalModes as readonly unknown[]).includes(mode))
    problems.push({ field: 'spec.spooling.retrievalMode', value: mode, message: spoolingWords.mode });
  if (segmentTtl !== undefined && !isWithin(segmentTtl, spoolingBounds))
    problems.push({ field: 'spec.spooling.segmentTtl', value: segmentTtl, message: durationWords(spoolingBounds) });
  if (segmentTtl === undefined && coordinatorModes.includes(String(mode)))
    problems.push({ field: 'spec.spooling', message: spoolingWords.needsTtl });
  if (Number(version) < firstSpoolingVersion) problems.push({ field: 'spec.spooling', message: spoolingWords.version });
  if (!isMembers(properties) || !isMembers(references))
    return [...problems, { field: 'spec.spooling', message: 'properties and propertySecretRefs must be objects of properties by name' }];
  return [...problems, ...propertyProblems(properties, references), ...referenceProblems(references)];
}
