// The directory of a local `up` and what its running process left there for the other verbs (up.json). Reads only.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Written by `up` while it runs; unknown fields are ignored, missing ones are absent. */
export interface UpState {
  readonly pid?: number;
  readonly kubeconfigPath?: string;
  readonly gatewayUrl?: string;
  readonly apiServerUrl?: string;
  readonly kubeUrl?: string;
  readonly version?: string;
}

type Env = Readonly<Record<string, string | undefined>>;

export function homeDirectory(home: string | undefined, env: Env): string {
  return resolve(home ?? env['XTRINODE_HOME'] ?? join(env['HOME'] ?? homedir(), '.xtrinode'));
}

/** Undefined when no `up` runs on that directory: no file, or its process is gone. Throws for an unreadable file. */
export function readUpState(home: string): UpState | undefined {
  let text: string;
  try {
    text = readFileSync(join(home, 'up.json'), 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  const state = parseUpState(text);
  return state?.pid !== undefined && !isRunning(state.pid) ? undefined : state;
}

/** Pure. A file that is being written is no state. */
export function parseUpState(text: string): UpState | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
