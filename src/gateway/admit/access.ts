// The access rules in force, from a file that is followed: a mistake in it, an emptied one and one that is gone change nothing. Shell.
import type { Clock } from '#core/clock.ts';
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import type { Log } from '#observe/log.ts';
import { mayUse, parseAccessRules, type AccessRule } from './access-rules.ts';
import { createFollowedFile } from './followed-file.ts';
import type { Identity } from './identity.ts';

export type MayUse = (identity: Identity | undefined, runtime: Pick<RouteEntry, 'namespace' | 'name'>) => boolean;

export interface Access {
  readonly mayUse: MayUse;
  isReady(): boolean;
}

export interface FileAccess extends Access {
  start(): Promise<void>;
  stop(): void;
}

/** Everybody may use everything. */
export const openAccess: Access = { mayUse: () => true, isReady: () => true };

export interface FileAccessInit {
  readonly file: string;
  /** Throws an Error that says where the text is not well-formed. */
  readonly parse: (text: string) => unknown;
  readonly clock: Clock;
  readonly log: Log;
}

export function createFileAccess({ file, parse, clock, log }: FileAccessInit): FileAccess {
  let rules: readonly AccessRule[] | undefined;

  function read(text: string): readonly AccessRule[] | string {
    try {
      return parseAccessRules(parse(text));
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  function take(text: string): void {
    const found = read(text);
    if (typeof found !== 'string') {
      rules = found;
      return log.info('access rules read', { file, rules: rules.length });
    }
    const follows = rules === undefined ? 'nobody may use anything yet' : 'the last good ones stay in force';
    log.error(`the access rules are not usable; ${follows}`, { file, problem: found });
  }

  const followed = createFollowedFile({ file, what: 'the access rules', take, clock, log });
  return {
    mayUse: (identity, runtime) => identity !== undefined && rules !== undefined && mayUse(rules, identity, runtime),
    isReady: () => rules !== undefined,
    start() {
      followed.start();
      return Promise.resolve();
    },
    stop: followed.stop,
  };
}
