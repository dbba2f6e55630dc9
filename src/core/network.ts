// Networks in CIDR form, as settings have them. Pure; addresses are matched by whoever has a matcher.

export interface Network {
  readonly address: string;
  readonly prefixLength: number;
  readonly family: 'ipv4' | 'ipv6';
}

const v4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.|$)){4}$/;

/** Undefined for what is no address, also for a name. */
export function familyOfAddress(address: string): Network['family'] | undefined {
  if (v4.test(address)) return 'ipv4';
  return /^[0-9A-Fa-f:.]+$/.test(address) && address.includes(':') && URL.canParse(`http://[${address}]`) ? 'ipv6' : undefined;
}

/** `10.0.0.0/8`, `fd00::/8`, or one address. */
export function parseNetwork(text: string): Network | undefined {
  const [, address = '', length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = familyOfAddress(address);
  if (family === undefined) return undefined;
  const bits = family === 'ipv4' ? 32 : 128;
  const prefixLength = length === undefined ? bits : Number(length);
  return prefixLength <= bits ? { address, prefixLength, family } : undefined;
}

export function formatNetwork({ address, prefixLength }: Network): string {
  return `${address}/${prefixLength}`;
}
