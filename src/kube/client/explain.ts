// From what went wrong to one line for a person: what, why, how to mend it. Pure. Everything a program decides on stays in
// code and reason of the KubeError; only the words are made here.
import { X509Certificate } from 'node:crypto';
import type { EpochMs } from '#core/clock.ts';
import { KubeError } from '../errors.ts';
import type { Resource } from '../port.ts';
import { apiVersionOf } from '../resources.ts';
import type { ClusterAccess } from './cluster-access.ts';
import type { Identity } from './credentials.ts';

export interface CallContext {
  readonly access: ClusterAccess;
  readonly identity: Identity | undefined;
  readonly resource: Resource;
  /** A call whose effect is unknown when its answer got lost. */
  readonly isWrite: boolean;
  /** By who made it. */
  readonly isGivenUp: boolean;
  readonly nowMs: EpochMs;
}

/** No answer at all. `what` follows the server's name. */
export function unreachable(access: ClusterAccess, what: string, cause: unknown): KubeError {
  return new KubeError({ code: 0, reason: 'Unreachable', message: `Kubernetes API ${access.server}: ${what}`, cause });
}

/** A KubeError passes; whatever else was thrown below HTTP becomes one. */
export function explainFailure(error: unknown, context: CallContext): KubeError {
  if (error instanceof KubeError) return error;
  const { access } = context;
  // Several addresses (127.0.0.1 and ::1): the AggregateError itself has no message.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const code = codeOf(first) ?? codeOf(error) ?? '';
  const untrusted = certificateProblem(code, first, context);
  if (untrusted !== undefined)
    return new KubeError({ code: 0, reason: 'Untrusted', message: `Kubernetes API ${access.server}: ${untrusted}`, cause: error });
  return unreachable(access, networkProblem(code, first, context), error);
}

/** An answer that says no, with what can be done about it where the server does not say. */
export function explainRefusal(error: KubeError, context: CallContext): KubeError {
  if (error.code === 401) return reworded(error, unauthorized(error, context));
  if (error.code === 403) return reworded(error, error.message + missingRule(error.message));
  if (error.code === 404 && error.details['name'] === undefined) return reworded(error, notServed(error, context));
  return error;
}

function networkProblem(code: string, error: unknown, { access, isWrite, isGivenUp }: CallContext): string {
  if (isGivenUp) return 'the call was given up';
  const via = access.proxy === undefined ? '' : ` through the proxy ${access.proxy.host}`;
  const host = new URL(access.server).hostname;
  switch (code) {
    case 'ECONNREFUSED':
      return `nothing listens there${via} (ECONNREFUSED). Is it running, and is ${access.describedAs} the right one?`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `no address is known for ${access.proxy?.hostname ?? host} (${code}). Is the network (VPN) up, and is ${access.describedAs} the right one?`;
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return `no connection${via} (${code}). Is the network (VPN) up, and is ${access.describedAs} the right one?`;
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return 'the answer took too long';
    case 'UND_ERR_SOCKET':
    case 'ECONNRESET':
    case 'EPIPE':
      return `the connection broke off (${code})${isWrite ? '; whether the change was made is not known' : ''}`;
    case 'UND_ERR_ABORTED':
      return access.proxy === undefined ? 'the call was given up' : `the proxy ${access.proxy.host} opened no tunnel: ${messageOf(error)}`;
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'EPROTO':
      return `it does not speak TLS (${code}): is it an http server, or a proxy?`;
    default:
      return `${messageOf(error)}${via}`;
  }
}

const unknownAuthority: ReadonlySet<string> = new Set([
  'CERT_SIGNATURE_FAILURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Codes of OpenSSL's verification as Node names them, and of our side of the handshake. */
function certificateProblem(code: string, error: unknown, { access, identity }: CallContext): string | undefined {
  const authority = authorityOf(access, identity?.tls.ca);
  if (unknownAuthority.has(code))
    return `its certificate is not signed by ${authority} (${code}). Is ${access.describedAs} the right one? Else fetch the kubeconfig again`;
  if (code === 'CERT_HAS_EXPIRED')
    return `its certificate, or the authority's, has expired (${code}); trusted is ${authority}. Renew it, and check the clock of this machine`;
  if (code === 'CERT_NOT_YET_VALID') return `its certificate is not valid yet (${code}): check the clocks of both machines`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `its certificate is for another name (${messageOf(error)}). Is ${access.describedAs} the right one? Else set tls-server-name`;
  if (code.startsWith('ERR_SSL_TLSV') || code.startsWith('ERR_SSL_SSLV3_ALERT'))
    return `it refused the TLS handshake (${code}); ${clientCertificate(identity) ?? 'no client certificate was sent'}`;
  if (code.startsWith('ERR_OSSL_')) return `certificate-authority or client certificate cannot be read (${code}) in ${access.describedAs}`;
  return undefined;
}

function authorityOf(access: ClusterAccess, pem: string | undefined): string {
  if (access.ca === undefined || pem === undefined) return "an authority of this system (the kubeconfig's cluster names none)";
  const from = 'file' in access.ca ? access.ca.file : 'certificate-authority-data';
  const parsed = parseCertificate(pem);
  return parsed === undefined
    ? `${from}, which holds no certificate`
    : `${oneLine(parsed.subject)} of ${from} (until ${dateOf(parsed.validTo)})`;
}

function unauthorized(error: KubeError, { access, identity, nowMs }: CallContext): string {
  const token = identity?.token === undefined ? undefined : tokenExpiry(identity.token);
  const because =
    token !== undefined && token <= nowMs ? `the token expired at ${new Date(token).toISOString()}` : expiredCertificate(identity, nowMs);
  const remedy = access.exec === undefined ? 'log in again, or fetch the kubeconfig again' : `log in again with ${access.exec.command}`;
  const who = `${access.userDescribedAs} (${access.describedAs})`;
  return `Kubernetes API ${access.server} does not accept the credentials of ${who}: ${because ?? error.message}; ${remedy}`;
}

function expiredCertificate(identity: Identity | undefined, nowMs: EpochMs): string | undefined {
  const parsed = identity?.tls.cert === undefined ? undefined : parseCertificate(identity.tls.cert);
  return parsed !== undefined && Date.parse(parsed.validTo) <= nowMs
    ? `the client certificate expired at ${dateOf(parsed.validTo)}`
    : undefined;
}

function clientCertificate(identity: Identity | undefined): string | undefined {
  const parsed = identity?.tls.cert === undefined ? undefined : parseCertificate(identity.tls.cert);
  return parsed && `the client certificate is ${oneLine(parsed.subject)} (until ${dateOf(parsed.validTo)})`;
}

/** RBAC's words name verb, resource and place; other refusals (quota, pod security) explain themselves. */
function missingRule(message: string): string {
  const match = /cannot (\S+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)")?/.exec(message);
  if (match === null) return '';
  const [, verb, resource, group, namespace] = match;
  const role = namespace === undefined ? 'a ClusterRole' : `a Role in namespace "${namespace}"`;
  return `. It takes ${role} bound to that user, with apiGroups ["${group ?? ''}"], resources ["${resource ?? ''}"], verbs ["${verb ?? ''}"]`;
}

function notServed(error: KubeError, { access, resource }: CallContext): string {
  // Built-in groups have no dot or end in k8s.io; those are not installed, a server has them or is too old.
  const isBuiltIn = !resource.group.includes('.') || resource.group.endsWith('.k8s.io');
  const remedy = isBuiltIn ? 'is it a Kubernetes API of a recent version' : 'is its custom resource definition installed';
  return `Kubernetes API ${access.server} does not serve ${resource.plural} of ${apiVersionOf(resource)} (${error.message}): ${remedy}, and is ${access.describedAs} the right one?`;
}

/** Of a JSON Web Token (RFC 7519 section 4.1.4); undefined for other tokens. */
function tokenExpiry(token: string): EpochMs | undefined {
  const payload = token.split('.')[1];
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (typeof claims !== 'object' || claims === null || !('exp' in claims) || typeof claims.exp !== 'number') return undefined;
    return claims.exp * 1000;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    // What cannot be read is told by the handshake; here it only goes unnamed.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function dateOf(openSslDate: string): string {
  return new Date(openSslDate).toISOString();
}

function reworded(error: KubeError, message: string): KubeError {
  const { code, reason, retryAfterMs, causes, details } = error;
  return new KubeError({ code, reason, message, causes, details, cause: error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function messageOf(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : String(error));
}

function oneLine(words: string): string {
  return words.replace(/\s+/g, ' ').trim();
}
