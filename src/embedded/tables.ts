// Objects as a meta/v1 Table, the form in which kubectl asks for what it prints. Columns come from the kind.
import type { KubeObject } from '#core/objects.ts';
import { parseJsonPath } from './json-path.ts';
import { isJsonObject, valueAt } from './json-values.ts';
import type { PrinterColumn, Served } from './registry.ts';
import { builtInColumns } from './table-columns.ts';
import type { Column } from './table-columns.ts';

export type IncludeObject = 'None' | 'Metadata' | 'Object';

export interface TableOptions {
  readonly include: IncludeObject;
  /** Epoch ms; ages are counted from it. */
  readonly nowMs: number;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Later events of a watch repeat no columns. */
  readonly omitColumns?: boolean;
}

const columnsByVersion = new WeakMap<object, readonly Column[]>();

function columnsOf({ type, version }: Served): readonly Column[] {
  if (!type.isCustom) {
    return builtInColumns(type.kind);
  }
  const known = columnsByVersion.get(version);
  if (known !== undefined) {
    return known;
  }
  const name: Column = { name: 'Name', format: 'name', read: ({ metadata }) => metadata.name };
  const columns = [name, ...version.printerColumns.map((column) => customColumn(column))];
  columnsByVersion.set(version, columns);
  return columns;
}

function customColumn(column: PrinterColumn): Column {
  const read = parseJsonPath(column.jsonPath);
  return {
    name: column.name,
    type: column.type,
    ...(column.format === undefined ? {} : { format: column.format }),
    ...(column.priority === undefined ? {} : { priority: column.priority }),
    read(object, ageOf) {
      const [value] = read(object);
      if (value === undefined || value === null) {
        return column.type === 'date' ? '<unknown>' : null;
      }
      if (column.type === 'date') {
        return ageOf(typeof value === 'string' ? value : undefined);
      }
      return column.type === 'string' && (isJsonObject(value) || Array.isArray(value)) ? JSON.stringify(value) : value;
    },
  };
}

export function makeTable(served: Served, objects: readonly KubeObject[], options: TableOptions): Record<string, unknown> {
  const columns = columnsOf(served);
  const ageOf = (time: string | undefined): string => formatAge(time, options.nowMs);
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: options.metadata ?? {},
    columnDefinitions:
      options.omitColumns === true
        ? []
        : columns.map(({ name, type, format, priority }) => ({
            name,
            type: type ?? 'string',
            format: format ?? '',
            description: '',
            priority: priority ?? 0,
          })),
    rows: objects.map((object) => ({
      cells: columns.map(({ read }) => read(object, ageOf)),
      ...conditionsOf(object),
      ...(options.include === 'None' ? {} : { object: options.include === 'Object' ? object : metadataOnly(object) }),
    })),
  };
}

/** kubectl leaves completed rows out where only what runs is wanted. */
function conditionsOf(object: KubeObject): object {
  const phase = object.kind === 'Pod' ? valueAt(object, ['status', 'phase']) : undefined;
  if (phase !== 'Succeeded' && phase !== 'Failed') {
    return {};
  }
  const message = phase === 'Failed' ? 'The pod failed.' : 'The pod has completed successfully.';
  return { conditions: [{ type: 'Completed', status: 'True', reason: phase, message }] };
}

export function metadataOnly({ metadata }: KubeObject): Record<string, unknown> {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
}

/** How long ago, as kubectl prints it: `45s`, `3m12s`, `5h`, `2d4h`, `400d`. */
export function formatAge(time: string | undefined, nowMs: number): string {
  const at = Date.parse(time ?? '');
  if (Number.isNaN(at)) {
    return '<unknown>';
  }
  const seconds = Math.floor((nowMs - at) / 1_000);
  if (seconds < 0) {
    return seconds < -1 ? '<invalid>' : '0s';
  }
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const years = Math.floor(days / 365);
  const two = (big: number, bigUnit: string, small: number, smallUnit: string): string =>
    small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`;
  if (seconds < 120) {
    return `${seconds}s`;
  }
  if (minutes < 10) {
    return two(minutes, 'm', seconds % 60, 's');
  }
  if (minutes < 180) {
    return `${minutes}m`;
  }
  if (hours < 8) {
    return two(hours, 'h', minutes % 60, 'm');
  }
  if (hours < 48) {
    return `${hours}h`;
  }
  if (days < 8) {
    return two(days, 'd', hours % 24, 'h');
  }
  if (years < 2) {
    return `${days}d`;
  }
  return years < 8 ? two(years, 'y', days % 365, 'd') : `${years}y`;
}
