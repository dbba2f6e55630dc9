// The t-shirt sizes as data: container requests and limits per role. Source: reference-api section 4.1.
import type { ResourceRequirements } from '#core/objects.ts';

export const sizeNames = ['xs', 's', 'm', 'l', 'xl'] as const;
export type SizeName = (typeof sizeNames)[number];

export interface SizePreset {
  readonly coordinator: ResourceRequirements;
  readonly worker: ResourceRequirements;
}

function resources(requestCpu: string, limitCpu: string, requestMemory: string, limitMemory: string): ResourceRequirements {
  return { requests: { cpu: requestCpu, memory: requestMemory }, limits: { cpu: limitCpu, memory: limitMemory } };
}

const coordinator = resources('1', '2', '4Gi', '8Gi');

export const sizes: Readonly<Record<SizeName, SizePreset>> = Object.freeze({
  xs: { coordinator, worker: resources('1', '2', '4Gi', '8Gi') },
  s: { coordinator, worker: resources('2', '8', '8Gi', '32Gi') },
  m: { coordinator, worker: resources('4', '16', '16Gi', '64Gi') },
  l: { coordinator, worker: resources('8', '32', '32Gi', '128Gi') },
  xl: { coordinator, worker: resources('16', '64', '64Gi', '256Gi') },
});

/** Workers of a runtime that names no number. Source: reference-api section 4.3, fixed mode. */
export const defaultWorkers = 2;
