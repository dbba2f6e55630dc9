// jvm.config of a Trino node as lines, by version. Pure. Source: trino-configuration-and-chart section 5.4.

interface JvmFlag {
  readonly flag: string;
  /** First and last Trino version that gets it. */
  readonly from?: number;
  readonly to?: number;
}

const flags: readonly JvmFlag[] = [
  { flag: '-server' },
  { flag: '-XX:+UseG1GC' },
  { flag: '-XX:G1HeapRegionSize=32M' },
  { flag: '-XX:+ExplicitGCInvokesConcurrent' },
  { flag: '-XX:+HeapDumpOnOutOfMemoryError' },
  { flag: '-XX:+ExitOnOutOfMemoryError' },
  { flag: '-XX:-OmitStackTraceInFastThrow' },
  { flag: '-XX:ReservedCodeCacheSize=512M' },
  { flag: '-XX:PerMethodRecompilationCutoff=10000' },
  { flag: '-XX:PerBytecodeRecompilationCutoff=10000' },
  { flag: '-Djdk.attach.allowAttachSelf=true' },
  { flag: '-Djdk.nio.maxCachedBufferSize=2000000' },
  { flag: '-Dfile.encoding=UTF-8', to: 480 },
  { flag: '-XX:+EnableDynamicAgentLoading', to: 480 },
  { flag: '-XX:+UnlockDiagnosticVMOptions', from: 448 },
  { flag: '-XX:G1NumCollectionsKeepPinned=10000000', from: 448 },
  { flag: '--add-modules=jdk.incubator.vector', from: 479 },
  { flag: '--sun-misc-unsafe-memory-access=allow', from: 476 },
  { flag: '--enable-native-access=ALL-UNNAMED', from: 476 },
];

const mebibyte = 1024 * 1024;
/** Below this heap, regions of 32M leave G1 too few of them to work with (it wants about 2,048, and never under a few dozen). */
const smallHeapBytes = 4096 * mebibyte;

export function renderJvmConfig(version: number, heapBytes: number): string {
  const chosen = flags
    .filter(({ from, to }) => (from === undefined || version >= from) && (to === undefined || version <= to))
    .map(({ flag }) => flag)
    .filter((flag) => heapBytes >= smallHeapBytes || !flag.startsWith('-XX:G1HeapRegionSize'));
  return [`-Xmx${Math.floor(heapBytes / mebibyte)}M`, ...chosen].map((line) => `${line}\n`).join('');
}
