// What the doors of the server (KubeApi in process, HTTP, controllers) share: the parts that createEmbeddedApi puts together.
import type { Clock } from '#core/clock.ts';
import type { LogOptions, ObjectKey } from '#kube/port.ts';
import type { AdmissionTable } from './admission.ts';
import type { ReadPath } from './read-path.ts';
import type { Registry } from './registry.ts';
import type { Store } from './store.ts';
import type { WritePath } from './write-path.ts';

export type LogReader = (pod: ObjectKey, options: LogOptions) => AsyncIterable<string>;
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFunction = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** The inside of one embedded API. */
export interface ServerParts {
  readonly store: Store;
  readonly registry: Registry;
  readonly reads: ReadPath;
  readonly writes: WritePath;
  readonly admission: AdmissionTable;
  readonly clock: Clock;
  readonly log: LogFunction;
  readonly stopSignal: AbortSignal;
  readonly logReader: () => LogReader | undefined;
  /** To be awaited before a write that may bring rules, so that the write itself can stay synchronous. */
  prepare(body: unknown): Promise<void>;
}
