// The certificates of the webhooks as one set, kept in one Secret, and which step of their life comes next. Pure but for the
// keys that `take` makes. No step needs another one to have happened at the same time: a crash between any two is harmless.
//
//   issue ──► serve ──► (2/3 of the server certificate's life) renew it with the same CA
//               │
//               └─ (2/3 of the CA's life) add the next CA ──► API servers trust both ──► the next one signs ──► drop the former
import type { EpochMs } from '#core/clock.ts';
import type { Secret } from '#core/objects.ts';
import { coversHost, hostsOf, isIssuedBy, isPair, validityOf } from '#certificates/inspect.ts';
import { backdateMs, issueCa, issueServerCertificate, type IssuedCertificate } from '#certificates/issue.ts';

export interface CertificateSet {
  readonly serving: IssuedCertificate;
  readonly ca: IssuedCertificate;
  /** To be trusted by all before it signs. */
  readonly nextCa?: IssuedCertificate;
  /** Still to be trusted: a replica may serve with what it signed for a little longer. PEM. */
  readonly formerCa?: string;
}

export type Step =
  | { readonly do: 'issue-all' | 'renew-serving' | 'add-next-ca' | 'sign-with-next-ca' | 'drop-former-ca'; readonly because: string }
  | { readonly do: 'wait'; readonly until: EpochMs };

export interface StepInput {
  /** What the certificate must be good for. */
  readonly hosts: readonly string[];
  readonly nowMs: EpochMs;
  /** Since when this process has seen API servers be told of the next CA. */
  readonly nextTrustedSince: EpochMs | undefined;
}

const dayMs = 24 * 60 * 60_000;
export const servingLifetimeMs = 90 * dayMs;
export const caLifetimeMs = 3 * 365 * dayMs;
/** API servers hear of a change within seconds, replicas too; an hour also forgives a busy night. */
export const overlapMs = 60 * 60_000;

const files = { serving: ['tls.crt', 'tls.key'], ca: ['ca.crt', 'ca.key'], nextCa: ['next-ca.crt', 'next-ca.key'] } as const;
const formerFile = 'former-ca.crt';

/** The set in a Secret's data, or one sentence on what is wrong with it. */
export function readCertificateSet({ data = {} }: Secret): CertificateSet | string {
  const text = (name: string): string => Buffer.from(data[name] ?? '', 'base64').toString();
  const pair = ([certificate, key]: readonly [string, string]): IssuedCertificate => ({ certificate: text(certificate), key: text(key) });
  const [serving, ca, nextCa] = [pair(files.serving), pair(files.ca), pair(files.nextCa)];
  if (!isPair(ca)) return `${files.ca.join(' and ')} are not a certificate and its key`;
  if (!isPair(serving)) return `${files.serving.join(' and ')} are not a certificate and its key`;
  if (!isIssuedBy(serving.certificate, ca.certificate)) return `${files.serving[0]} was not signed by ${files.ca[0]}`;
  const formerCa = text(formerFile);
  return {
    serving,
    ca,
    ...(isPair(nextCa) ? { nextCa } : {}),
    ...(validityOf(formerCa) === undefined ? {} : { formerCa }),
  };
}

/** Data of the Secret; all members, so that a former step's are gone. */
export function formatCertificateSet({ serving, ca, nextCa, formerCa }: CertificateSet): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  const add = ([certificate, key]: readonly [string, string], pair: IssuedCertificate | undefined): void => {
    if (pair !== undefined) Object.assign(texts, { [certificate]: pair.certificate, [key]: pair.key });
  };
  add(files.serving, serving);
  add(files.ca, ca);
  add(files.nextCa, nextCa);
  if (formerCa !== undefined) texts[formerFile] = formerCa;
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text).toString('base64')]));
}

/** What API servers are to trust: whoever serves with this set, or with the one before or after it, is believed. */
export function caBundleOf({ ca, nextCa, formerCa }: CertificateSet): string {
  return [ca.certificate, nextCa?.certificate, formerCa].filter((certificate) => certificate !== undefined).join('');
}

function renewalAt(certificate: string, lifetimeMs: number): EpochMs {
  // A third of the whole life before its end; a certificate that lives shorter, because its CA ends, is renewed with that.
  return (validityOf(certificate)?.notAfter ?? 0) - lifetimeMs / 3;
}

export function nextStep(set: CertificateSet | string, { hosts, nowMs, nextTrustedSince }: StepInput): Step {
  if (typeof set === 'string') return { do: 'issue-all', because: set };
  const { serving, ca, nextCa, formerCa } = set;
  const life = validityOf(ca.certificate);
  if (life === undefined || life.notAfter <= nowMs || life.notBefore > nowMs)
    return { do: 'issue-all', because: 'the CA is not valid now' };
  const missing = hosts.find((host) => !coversHost(serving.certificate, host));
  if (missing !== undefined) return { do: 'renew-serving', because: `the certificate is not good for ${missing}` };
  const renewServingAt = renewalAt(serving.certificate, servingLifetimeMs);
  if (renewServingAt <= nowMs) return { do: 'renew-serving', because: 'the certificate has lived two thirds of its life' };
  const renewCaAt = renewalAt(ca.certificate, caLifetimeMs);
  if (nextCa === undefined && renewCaAt <= nowMs) return { do: 'add-next-ca', because: 'the CA has lived two thirds of its life' };
  const signAt = nextCa === undefined || nextTrustedSince === undefined ? undefined : nextTrustedSince + overlapMs;
  if (signAt !== undefined && signAt <= nowMs) return { do: 'sign-with-next-ca', because: 'API servers trust the next CA' };
  const issuedAt = (validityOf(serving.certificate)?.notBefore ?? 0) + backdateMs;
  const dropAt = formerCa === undefined ? undefined : issuedAt + overlapMs;
  if (dropAt !== undefined && dropAt <= nowMs) return { do: 'drop-former-ca', because: 'nobody serves with what it signed' };
  const times = [renewServingAt, nextCa === undefined ? renewCaAt : undefined, signAt, dropAt];
  return { do: 'wait', until: Math.min(...times.filter((time) => time !== undefined)) };
}

function newCa(nowMs: EpochMs): IssuedCertificate {
  return issueCa({ commonName: 'xtrinode-webhook-ca', nowMs, lifetimeMs: caLifetimeMs });
}

function newServing(issuer: IssuedCertificate, hosts: readonly string[], nowMs: EpochMs): IssuedCertificate {
  return issueServerCertificate({ commonName: 'xtrinode-webhooks', hosts, nowMs, lifetimeMs: servingLifetimeMs, issuer });
}

function newSet(hosts: readonly string[], nowMs: EpochMs): CertificateSet {
  const ca = newCa(nowMs);
  return { ca, serving: newServing(ca, hosts, nowMs) };
}

/** The set after a step. */
export function take(step: Step, set: CertificateSet | string, hosts: readonly string[], nowMs: EpochMs): CertificateSet {
  if (typeof set === 'string') return newSet(hosts, nowMs);
  // A replica that is reached by another name must not take this one's away.
  const all = [...new Set([...hosts, ...hostsOf(set.serving.certificate)])];
  const { formerCa: _, ...withoutFormer } = set;
  switch (step.do) {
    case 'issue-all':
      return newSet(hosts, nowMs);
    case 'renew-serving':
      return { ...set, serving: newServing(set.ca, all, nowMs) };
    case 'add-next-ca':
      return { ...set, nextCa: newCa(nowMs) };
    case 'sign-with-next-ca': {
      const ca = set.nextCa ?? newCa(nowMs);
      return { ca, formerCa: set.ca.certificate, serving: newServing(ca, all, nowMs) };
    }
    case 'drop-former-ca':
      return withoutFormer;
    case 'wait':
      return set;
    default:
      return step satisfies never;
  }
}
