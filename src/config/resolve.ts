// From flags, environment and file to one frozen configuration, in this precedence; every mistake is found and named at once.
// Pure: what is read from where is handed in.
import { nearest } from '#core/nearest.ts';
import type { ConfigOf, Setting, Settings } from './setting.ts';

export interface ConfigSources {
  /** By key; undefined when the flag was not given. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file?: { readonly path: string; readonly content: unknown };
}

/** The message has one line per mistake, for the user. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** The setting that names the file of the others; not in the tables, because a file cannot name itself. */
export const configFileKey = 'config';

/** leaseDuration -> lease-duration. */
export function flagOf(key: string): string {
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** operator, leaseDuration -> XTRINODE_OPERATOR_LEASE_DURATION. */
export function variableOf(role: string, key: string): string {
  return `${prefixOf(role)}${key.replaceAll(/[A-Z]/g, '_$&').toUpperCase()}`;
}

function prefixOf(role: string): string {
  return `XTRINODE_${role.replaceAll('-', '_').toUpperCase()}_`;
}

/** What Kubernetes puts into every Pod of a namespace that has a Service of the role's name: XTRINODE_GATEWAY_PORT=tcp://... */
const serviceLink = /^(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;

interface Given {
  /** As the user knows it, for messages. */
  readonly source: string;
  readonly text: string;
}

/** Throws ConfigError. */
export function resolveConfig<S extends Settings>(role: string, settings: S, sources: ConfigSources): ConfigOf<S> {
  const problems = [...findUnknown(role, settings, sources)];
  const config: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(settings)) {
    const given = findGiven(role, key, sources);
    if (typeof given === 'string') problems.push(given);
    else if (given === undefined && setting.isRequired) problems.push(`${flagOf(key)} is needed: ${setting.doc}`);
    else config[key] = given === undefined ? setting.default : parse(setting, given, problems);
  }
  if (problems.length > 0) throw new ConfigError(problems.join('\n  '));
  return Object.freeze(config) as ConfigOf<S>;
}

function parse(setting: Setting, given: Given, problems: string[]): unknown {
  const value = setting.kind.parse(given.text);
  if (value === undefined) problems.push(`${given.source}: "${given.text}" is not usable: expected ${setting.kind.expected}`);
  return value;
}

/** A string is a problem. */
function findGiven(role: string, key: string, { flags, env, file }: ConfigSources): Given | string | undefined {
  const flag = flags[key];
  if (flag !== undefined) return { source: flagOf(key), text: flag };
  const variable = env[variableOf(role, key)];
  if (variable !== undefined) return { source: variableOf(role, key), text: variable };
  const value = fieldsOf(file?.content)?.[key];
  if (value === undefined || value === null) return undefined;
  const source = `${file?.path ?? ''}: ${key}`;
  const text = textOf(value);
  return text === undefined ? `${source}: expected one value or a list of them` : { source, text };
}

function textOf(value: unknown): string | undefined {
  if (Array.isArray(value)) {
    const parts = value.map(textOf);
    return parts.every((part) => part !== undefined) ? parts.join(',') : undefined;
  }
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined;
}

function fieldsOf(content: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof content === 'object' && content !== null && !Array.isArray(content) ? (content as Record<string, unknown>) : undefined;
}

function* findUnknown(role: string, settings: Settings, { env, file }: ConfigSources): Generator<string> {
  const keys = Object.keys(settings);
  if (file !== undefined && file.content !== undefined && file.content !== null) {
    const fields = fieldsOf(file.content);
    if (fields === undefined) yield `${file.path}: expected "key: value" lines, one per setting`;
    for (const key of Object.keys(fields ?? {})) {
      if (!keys.includes(key)) yield `${file.path}: ${unknown(key, role, keys)}`;
    }
  }
  const variables = [...keys, configFileKey].map((key) => variableOf(role, key));
  const prefix = prefixOf(role);
  for (const name of Object.keys(env)) {
    if (!name.startsWith(prefix) || variables.includes(name) || serviceLink.test(name.slice(prefix.length))) continue;
    yield `environment: ${unknown(name, role, variables)}`;
  }
}

function unknown(name: string, role: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  return `${name} is not a setting of the ${role}${meant === undefined ? ` (xtrinode ${role} --help lists them)` : `; did you mean ${meant}?`}`;
}
