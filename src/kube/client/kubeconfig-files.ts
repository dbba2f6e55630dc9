// Kubeconfig files as kubectl finds and merges them: which files, and which entry of a name counts. Reads files; does not
// know what the fields of an entry mean.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { load } from 'js-yaml';

/** The kubeconfig is absent or cannot be used; the message is for the user and says which file and field. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}

export type Fields = Readonly<Record<string, unknown>>;
export type EntryKind = 'cluster' | 'user' | 'context';

export interface Entry {
  readonly name: string;
  /** Relative paths in an entry start from its file. */
  readonly directory: string;
  readonly fields: Fields;
}

export interface KubeconfigFiles {
  /** For messages: the files that were read. */
  readonly from: string;
  readonly currentContext: string | undefined;
  /** The first definition of the name wins, as with kubectl. Throws KubeconfigError when there is none. */
  find(kind: EntryKind, name: string): Entry;
}

export interface KubeconfigPlace {
  /** One file; absent: KUBECONFIG (a list), else ~/.kube/config. */
  readonly kubeconfigPath?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface ConfigFile {
  readonly path: string;
  readonly content: Fields;
}

export function kubeconfigPaths(place: KubeconfigPlace): readonly string[] {
  if (place.kubeconfigPath !== undefined) return [place.kubeconfigPath];
  const listed = (place.env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  return listed.length > 0 ? listed : [join(place.env['HOME'] ?? homedir(), '.kube', 'config')];
}

/** Undefined when none of the files is there; a file that was named by itself must be. Throws KubeconfigError. */
export function readKubeconfigFiles(place: KubeconfigPlace): KubeconfigFiles | undefined {
  const files = kubeconfigPaths(place).flatMap((path) => readConfigFile(path, place.kubeconfigPath !== undefined));
  if (files.length === 0) return undefined;
  const from = files.map((file) => file.path).join(', ');
  return {
    from,
    currentContext: files.map((file) => text(file.content['current-context'])).find((name) => name !== undefined),
    find: (kind, name) => find(files, kind, name, from),
  };
}

function readConfigFile(path: string, isRequired: boolean): readonly ConfigFile[] {
  let content: unknown;
  let yaml: string;
  try {
    yaml = readFileSync(path, 'utf8');
  } catch (error) {
    if (!isRequired && error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new KubeconfigError(`cannot read kubeconfig ${path}: ${firstLineOf(error)}`, { cause: error });
  }
  try {
    // Files listed in KUBECONFIG may be empty: kubectl makes the first one when it first writes to it.
    content = yaml.trim() === '' && !isRequired ? {} : load(yaml);
  } catch (error) {
    throw new KubeconfigError(`kubeconfig ${path} is not YAML: ${firstLineOf(error)}`, { cause: error });
  }
  if (isFields(content)) return [{ path, content }];
  throw new KubeconfigError(`kubeconfig ${path} is not a kubeconfig: expected an object with clusters, users and contexts`);
}

function find(files: readonly ConfigFile[], kind: EntryKind, name: string, from: string): Entry {
  const known: string[] = [];
  for (const file of files) {
    const list: unknown = file.content[`${kind}s`];
    if (!Array.isArray(list)) continue;
    for (const item of list as readonly unknown[]) {
      if (!isFields(item)) continue;
      if (text(item['name']) !== undefined) known.push(`"${String(item['name'])}"`);
      if (item['name'] !== name) continue;
      const fields: unknown = item[kind];
      return { name, directory: dirname(resolve(file.path)), fields: isFields(fields) ? fields : {} };
    }
  }
  const there = known.length === 0 ? '' : `; there is ${known.join(', ')}`;
  throw new KubeconfigError(`kubeconfig ${from} has no ${kind} named "${name}"${there}`);
}

/** A string that says something, or undefined. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function firstLineOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}
