// From a container's memory limit to the Java heap and Trino's query memory (design D9). Pure; bytes everywhere.
// Sources: trino-configuration-and-chart 5.4 and 5.5 (heap 70-85 % of memory; direct buffers, metaspace, 512M code cache
// and stacks need a fixed part below about 4Gi), Trino docs "Resource management properties".

export interface MemorySizing {
  readonly heapBytes: number;
  /** query.max-memory-per-node */
  readonly queryMaxMemoryPerNodeBytes: number;
  /** memory.heap-headroom-per-node */
  readonly heapHeadroomPerNodeBytes: number;
}

const mebibyte = 1024 * 1024;
/** What a JVM running Trino needs beside the heap, however small the heap is. */
const fixedReserveBytes = 1024 * mebibyte;

function floorMebibytes(bytes: number): number {
  return Math.floor(bytes / mebibyte) * mebibyte;
}

/**
 * Heap = limit minus the larger of 20 % and 1 GiB, but at least half of the limit, so that small laptops' pods still start.
 * Query memory per node is half of the heap, headroom a quarter: together they stay below the heap, as Trino demands.
 */
export function sizeMemory(limitBytes: number): MemorySizing {
  const reserve = Math.min(Math.max(limitBytes * 0.2, fixedReserveBytes), limitBytes * 0.5);
  const heapBytes = floorMebibytes(limitBytes - reserve);
  return {
    heapBytes,
    queryMaxMemoryPerNodeBytes: floorMebibytes(heapBytes * 0.5),
    heapHeadroomPerNodeBytes: floorMebibytes(heapBytes * 0.25),
  };
}

/** Trino data size of whole mebibytes, e.g. `768MB` (Trino's MB is 2^20 bytes). */
export function formatDataSize(bytes: number): string {
  return `${Math.floor(bytes / mebibyte)}MB`;
}
