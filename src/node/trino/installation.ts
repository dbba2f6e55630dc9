// A Trino on this machine that the process node can start: what the launch line needs to know of it.

export interface TrinoInstallation {
  readonly version: string;
  readonly javaHome: string;
  /** Holds lib/ and plugin/. */
  readonly directory: string;
  readonly libDirectory: string;
  readonly pluginDirectory: string;
  /** Our launcher: the main class and the resolver of Service names. */
  readonly launcherJar: string;
  /** Arguments of xtrinode.launcher.Main. */
  readonly launcherArguments: readonly string[];
  /** Trino has none of the parts that only the official distribution carries. */
  readonly origin: 'maven' | 'distribution';
  /** Where an ahead-of-time cache is or would be (design D17). */
  readonly aotCacheFile: string;
}

/** What is told while an installation is prepared. `total` 0 means unknown. */
export interface InstallProgress {
  readonly step: string;
  readonly done: number;
  readonly total: number;
  readonly bytes?: number;
}
