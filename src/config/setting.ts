// What a setting of a role may be: its kind knows how it is written, read and explained. The tables of the roles are made of
// these (operator-settings.ts ...); flags, environment, file, --help and the docs all follow from them. Pure.
import { formatDuration, isDuration, parseDuration } from '#core/duration.ts';
import { formatNetwork, parseNetwork, type Network } from '#core/network.ts';
import { isTrustworthyUrl } from '#core/trustworthy-url.ts';
import { formatBytes, formatMilliCpu, isQuantity, parseBytes, parseMilliCpu } from '#core/quantity.ts';

export interface Kind<T> {
  /** In --help: `--lease-duration <duration>`. */
  readonly placeholder: string;
  /** Undefined when the text is none. */
  readonly parse: (text: string) => T | undefined;
  format(value: T): string;
  /** Completes "expected ...". */
  readonly expected: string;
}

export interface ListenAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** `host:port`, `[::1]:port`, `:port` (every address of the machine) or a bare port (this machine only). */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) return undefined;
  const [, v6, host] = match;
  if (v6 === undefined && host === undefined) return { host: '127.0.0.1', port };
  return { host: v6 ?? (host === '' ? '0.0.0.0' : (host ?? '')), port };
}

export function formatListenAddress({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Where a server that listens there is reached from this machine. */
export function urlOfListener({ host, port }: ListenAddress, scheme: 'http' | 'https' = 'http'): string {
  return `${scheme}://${formatListenAddress({ host: host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host, port })}`;
}

function parseUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, username, search, hash } = new URL(text);
  const isPlain = (protocol === 'http:' || protocol === 'https:') && username === '' && search === '' && hash === '';
  return isPlain ? text.replace(/\/+$/, '') : undefined;
}

function same(text: string): string {
  return text;
}

export const text: Kind<string> = {
  placeholder: 'text',
  parse: (value) => (value === '' ? undefined : value),
  format: same,
  expected: 'a text that is not empty',
};
export const path: Kind<string> = { ...text, placeholder: 'path', expected: 'a path' };
export const duration: Kind<number> = {
  placeholder: 'duration',
  parse: (value) => (isDuration(value) && parseDuration(value) > 0 ? parseDuration(value) : undefined),
  format: formatDuration,
  expected: 'a duration above zero, for example 300ms, 15s or 5m',
};
export const listenAddress: Kind<ListenAddress> = {
  placeholder: 'address',
  parse: parseListenAddress,
  format: formatListenAddress,
  expected: 'an address to listen on, for example 127.0.0.1:8080, 0.0.0.0:8080 or 127.0.0.1:0 for a free port',
};
export const onOff: Kind<boolean> = {
  placeholder: 'on|off',
  parse: (value) => ({ on: true, true: true, off: false, false: false })[value],
  format: (value) => (value ? 'on' : 'off'),
  expected: 'on or off',
};
export const url: Kind<string> = {
  placeholder: 'url',
  parse: parseUrl,
  format: same,
  expected: 'a URL, for example https://10.0.0.7:9443',
};
export const trustworthyUrl: Kind<string> = {
  placeholder: 'url',
  // As it is: with or without a slash at its end are two issuers.
  parse: (value) => (isTrustworthyUrl(value) ? value : undefined),
  format: same,
  expected: 'a URL with https (http on this machine only), for example https://login.example.com/realms/data',
};
export const urls: Kind<readonly string[]> = {
  placeholder: 'urls',
  parse(value) {
    const parsed = value.split(',').map((one) => parseUrl(one.trim()));
    return parsed.every((one) => one !== undefined) ? parsed : undefined;
  },
  format: (value) => value.join(','),
  expected: 'one or more URLs with commas between them, for example http://127.0.0.1:8081',
};
export const texts: Kind<readonly string[]> = {
  placeholder: 'texts',
  parse(value) {
    const parts = value.split(',').map((one) => one.trim());
    return parts.every((one) => one !== '') ? parts : undefined;
  },
  format: (value) => value.join(','),
  expected: 'one or more texts with commas between them',
};
export const networks: Kind<readonly Network[]> = {
  placeholder: 'networks',
  parse(value) {
    const parsed = value.split(',').map((one) => parseNetwork(one.trim()));
    return parsed.every((one) => one !== undefined) ? parsed : undefined;
  },
  format: (value) => value.map(formatNetwork).join(','),
  expected: 'one or more networks or addresses with commas between them, for example 10.0.0.0/8,fd00::/8',
};
export interface Rate {
  readonly count: number;
  readonly periodMs: number;
}

export const rate: Kind<Rate> = {
  placeholder: 'count/time',
  parse(value) {
    const [, countText = '', period = ''] = /^([1-9]\d{0,4})\/(\w+)$/.exec(value) ?? [];
    const periodMs = isDuration(period) ? parseDuration(period) : 0;
    return periodMs > 0 ? { count: Number(countText), periodMs } : undefined;
  },
  format: ({ count: many, periodMs }) => `${many}/${formatDuration(periodMs)}`,
  expected: 'a count (at once, and refilled evenly in that time) and a time, for example 20/1s or 600/1m',
};
export const count: Kind<number> = {
  placeholder: 'number',
  parse: (value) => (/^[1-9]\d{0,8}$/.test(value) ? Number(value) : undefined),
  format: String,
  expected: 'a whole number from 1',
};
export const bytes: Kind<bigint> = {
  placeholder: 'size',
  parse: (value) => (isQuantity(value) && parseBytes(value) > 0n ? parseBytes(value) : undefined),
  format: formatBytes,
  expected: 'a size, for example 16Gi',
};
export const cpu: Kind<bigint> = {
  placeholder: 'cores',
  parse: (value) => (isQuantity(value) && parseMilliCpu(value) > 0n ? parseMilliCpu(value) : undefined),
  format: formatMilliCpu,
  expected: 'a number of processors, for example 4 or 1500m',
};

export interface ServicePort {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

export const servicePort: Kind<ServicePort> = {
  placeholder: 'service',
  parse(value) {
    const [, namespace = '', name = '', port = '443'] = /^([a-z0-9-]+)\/([a-z0-9-]+)(?::(\d{1,5}))?$/.exec(value) ?? [];
    return name === '' || Number(port) > 65_535 ? undefined : { namespace, name, port: Number(port) };
  },
  format: ({ namespace, name, port }) => `${namespace}/${name}:${port}`,
  expected: 'a Service, for example xtrinode-system/xtrinode-webhooks or xtrinode-system/xtrinode-webhooks:443',
};

/** One of a few words. */
export function choice<W extends string>(...words: readonly W[]): Kind<W> {
  return {
    placeholder: words.join('|'),
    parse: (value) => words.find((word) => word === value),
    format: same,
    expected: `one of ${words.join(', ')}`,
  };
}

/** T includes undefined when there is neither a default nor an obligation to give it. */
export interface Setting<T = unknown> {
  readonly kind: Kind<NonNullable<T>>;
  readonly doc: string;
  readonly default: T;
  readonly isRequired: boolean;
}

/** As it would be written; undefined when there is none. */
export function formatDefault({ kind, default: value }: Setting): string | undefined {
  return value === undefined || value === null ? undefined : kind.format(value);
}

/** The key is the name in a file; flag and environment variable follow from it. */
export type Settings = Readonly<Record<string, Setting>>;

export type ConfigOf<S extends Settings> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

export function setting<T extends {}>(kind: Kind<T>, doc: string, byDefault: T): Setting<T> {
  return { kind, doc, default: byDefault, isRequired: false };
}

export function optional<T extends {}>(kind: Kind<T>, doc: string): Setting<T | undefined> {
  return { kind, doc, default: undefined, isRequired: false };
}

export function required<T extends {}>(kind: Kind<T>, doc: string): Setting<T> {
  // Never read: resolving refuses a configuration without it.
  return { kind, doc, default: undefined as unknown as T, isRequired: true };
}
