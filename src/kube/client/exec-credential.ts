// Runs one credential plugin once and reads what it prints. When to run it again is for credentials.ts to decide.
// Source: Kubernetes documentation, "Authenticating", client-go credential plugins; client-go 0.36 plugin/pkg/client/auth/exec.
import { spawn } from 'node:child_process';
import type { Clock, EpochMs } from '#core/clock.ts';
import { KubeError } from '../errors.ts';
import type { ExecPlugin } from './cluster-access.ts';
import { isFields, text } from './kubeconfig-files.ts';

export interface ExecCredential {
  readonly token?: string;
  /** PEM; with `key`. */
  readonly cert?: string;
  readonly key?: string;
  /** Absent: good until the server refuses it. */
  readonly expiresAt?: EpochMs;
}

export interface ExecSurroundings {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A person sits at the terminal: the plugin may ask. */
  readonly isInteractive: boolean;
  /** For messages. */
  readonly userDescribedAs: string;
}

/** Cloud command lines take seconds. */
const unattendedTimeoutMs = 60_000;
/** Somebody has to find the browser window and the second factor. */
const attendedTimeoutMs = 600_000;
const maxOutputBytes = 1024 * 1024;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
  readonly isTooLate: boolean;
}

/** Throws KubeError Unauthorized; the message names the plugin and what to do. */
export async function runExecPlugin(plugin: ExecPlugin, around: ExecSurroundings): Promise<ExecCredential> {
  const fail = (what: string, cause?: unknown): KubeError =>
    new KubeError({
      code: 401,
      reason: 'Unauthorized',
      message: `the credential plugin "${plugin.command}" of ${around.userDescribedAs} ${what}`,
      cause,
    });
  if (plugin.interactiveMode === 'Always' && !around.isInteractive)
    throw fail('must be able to ask (interactiveMode: Always), and there is no terminal here: log in from a terminal first');
  const interactive = plugin.interactiveMode !== 'Never' && around.isInteractive;
  let ended: Ended;
  try {
    ended = await run(plugin, around, interactive);
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const hint = plugin.installHint === undefined ? '' : `. ${oneLine(plugin.installHint)}`;
    throw fail(isAbsent ? `is not installed${hint}` : `cannot be run: ${String(error)}${hint}`, error);
  }
  if (ended.isTooLate) throw fail(`printed nothing within ${timeoutOf(interactive) / 1000} s and was ended`);
  const said = oneLine(ended.err).slice(-500);
  if (ended.code !== 0) throw fail(`failed (${ended.signal ?? `exit code ${ended.code}`})${said === '' ? '' : `: ${said}`}`);
  const read = readCredential(ended.out, plugin.apiVersion);
  if (typeof read === 'string') throw fail(read);
  if (read.expiresAt !== undefined && read.expiresAt <= around.clock.now())
    throw fail(`printed a credential that expired at ${new Date(read.expiresAt).toISOString()}: log in again`);
  return read;
}

function timeoutOf(interactive: boolean): number {
  return interactive ? attendedTimeoutMs : unattendedTimeoutMs;
}

/** Rejects when the program cannot be started. */
function run(plugin: ExecPlugin, around: ExecSurroundings, interactive: boolean): Promise<Ended> {
  const spec = { interactive, ...(plugin.cluster === undefined ? {} : { cluster: plugin.cluster }) };
  const info = JSON.stringify({ kind: 'ExecCredential', apiVersion: plugin.apiVersion, spec });
  return new Promise((resolve, reject) => {
    const child = spawn(plugin.command, plugin.args, {
      env: { ...around.env, ...plugin.env, KUBERNETES_EXEC_INFO: info },
      // What it asks must reach the person; unattended, its complaints belong into our error.
      stdio: [interactive ? 'inherit' : 'ignore', 'pipe', interactive ? 'inherit' : 'pipe'],
    });
    let [out, err] = ['', ''];
    const cancel = around.clock.after(timeoutOf(interactive), () => {
      child.kill('SIGKILL');
      // Not on 'close': a child of the plugin may keep its pipes open.
      resolve({ code: null, signal: 'SIGKILL', out, err, isTooLate: true });
    });
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      out += chunk;
      if (out.length > maxOutputBytes) child.kill('SIGKILL');
    });
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (err = (err + chunk).slice(-maxOutputBytes)));
    child.on('error', (error) => {
      cancel();
      reject(error);
    });
    child.on('close', (code, signal) => {
      cancel();
      resolve({ code, signal, out, err, isTooLate: false });
    });
  });
}

/** The credential, or what is wrong with the answer. */
function readCredential(out: string, apiVersion: string): ExecCredential | string {
  let answer: unknown;
  try {
    answer = JSON.parse(out);
  } catch (error) {
    // The output may hold half a token: it must not get into a message.
    return `printed no JSON (${error instanceof Error ? error.name : 'error'}, ${out.length} characters)`;
  }
  if (!isFields(answer) || answer['kind'] !== 'ExecCredential') return 'printed something else than an ExecCredential';
  if (answer['apiVersion'] !== apiVersion)
    return `answered with ${String(answer['apiVersion'])}, but the kubeconfig says ${apiVersion}: make them the same`;
  const status: unknown = answer['status'];
  if (!isFields(status)) return 'printed an ExecCredential without status';
  const token = text(status['token']);
  const cert = text(status['clientCertificateData']);
  const key = text(status['clientKeyData']);
  if ((cert === undefined) !== (key === undefined)) return 'printed only one of clientCertificateData and clientKeyData';
  if (token === undefined && cert === undefined) return 'printed neither a token nor a client certificate';
  const expires = text(status['expirationTimestamp']);
  const expiresAt = expires === undefined ? undefined : Date.parse(expires);
  if (Number.isNaN(expiresAt)) return `printed an expirationTimestamp that is no time: "${expires}"`;
  return {
    ...(token === undefined ? {} : { token }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

function oneLine(words: string): string {
  return words.replace(/\s+/g, ' ').trim();
}
