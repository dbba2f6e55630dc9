// What a Trino from Maven Central consists of here: its core and the plugins that need nothing but jars. Data only.

export interface TrinoPart {
  readonly name: string;
  readonly artifact: string;
  /** Relative to the installation. */
  readonly directory: string;
  /** Maven Central's plugin jars lack the service descriptor that the server's plugin loader asks for. */
  readonly pluginClass?: string;
  /** About how many jars, for the progress line (483). */
  readonly jars: number;
}

export const trinoParts: readonly TrinoPart[] = [
  { name: 'core', artifact: 'trino-main', directory: 'lib', jars: 177 },
  { name: 'tpch', artifact: 'trino-tpch', directory: 'plugin/tpch', pluginClass: 'io.trino.plugin.tpch.TpchPlugin', jars: 72 },
  { name: 'tpcds', artifact: 'trino-tpcds', directory: 'plugin/tpcds', pluginClass: 'io.trino.plugin.tpcds.TpcdsPlugin', jars: 73 },
  { name: 'memory', artifact: 'trino-memory', directory: 'plugin/memory', pluginClass: 'io.trino.plugin.memory.MemoryPlugin', jars: 71 },
];

/** Versions whose parts are known to resolve and start this way. */
export const mavenTrinoVersions: readonly string[] = ['483'];

// parts (150 MB) and what Maven keeps of them in its repository (150 MB), with room for one ahead-of-time cache (125 MB)
export const neededBytes = 450 * 1024 * 1024;
