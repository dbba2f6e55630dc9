// Where the ordinary work is done: on real coordinators, directly and through two gateways behind a balancer. Trino 483 over plain HTTP
// without passwords, Trino 476 with a password file, and with TLS on both sides of the gateways.
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { issueCa, issueServerCertificate } from '#certificates/issue.ts';
import { user } from '../clients/clients.ts';
import type { Place } from '../clients/sessions.ts';
import { openBalancer, type Balancer } from './balancer.ts';
import { startCoordinator } from './coordinator.ts';
import { ensureDistribution } from './distribution.ts';
import { startGateway, type GatewayProcess } from './gateways.ts';
import { aHome } from './up.ts';

export interface OrdinaryPlaces {
  readonly version: string;
  readonly direct: Place;
  readonly throughGateways: Place;
  /** How many connections each of the two gateways has had. */
  connections(): readonly number[];
}

const password = 'correct horse: battery, "staple"';
const lifetimeMs = 24 * 60 * 60_000;

/** As Trino's file authenticator reads it: iterations, salt and hash. */
function passwordLine(): string {
  const salt = Buffer.from('of the tests');
  const hash = pbkdf2Sync(password, salt, 1_000, 64, 'sha1');
  return `${user}:1000:${salt.toString('hex')}:${hash.toString('hex')}\n`;
}

interface Behind {
  readonly version: string;
  /** Of the coordinator. */
  readonly url: string;
}

async function twoGateways({ version, url }: Behind, directory: string, flags: readonly string[]): Promise<Balancer & { urls: string[] }> {
  const routes = join(directory, `routes-${version}.yaml`);
  const entry = `namespace: team, name: trino-${version}, state: RUNNING, isDefault: true`;
  writeFileSync(routes, `- { ${entry}, trinoVersion: ${version}, coordinatorUrl: "${url}" }\n`);
  const keys = join(directory, 'seal-keys');
  writeFileSync(keys, randomBytes(32).toString('base64'));
  const start = (): Promise<GatewayProcess> => startGateway('--routes', routes, '--seal-keys-file', keys, ...flags);
  const urls = (await Promise.all([start(), start()])).map(({ url }) => url);
  const balancer = await openBalancer(urls);
  after(() => balancer.close());
  return { ...balancer, urls };
}

export async function openPlain(): Promise<OrdinaryPlaces> {
  const coordinator = await startCoordinator();
  const gateways = await twoGateways(coordinator, aHome(), []);
  return {
    version: coordinator.version,
    direct: { url: coordinator.url, user },
    throughGateways: { url: `http://localhost:${gateways.port}`, user },
    connections: () => gateways.urls.map((url) => gateways.connectionsTo(url)),
  };
}

export async function openSecured(): Promise<OrdinaryPlaces> {
  const directory = aHome();
  const nowMs = Date.now();
  const ca = issueCa({ commonName: 'authority of the tests', nowMs, lifetimeMs });
  const issue = (...hosts: readonly string[]) => issueServerCertificate({ commonName: 'trino', hosts, nowMs, lifetimeMs, issuer: ca });
  const trustedFile = join(directory, 'ca.pem');
  writeFileSync(trustedFile, ca.certificate);
  const ofGateways = issue('localhost', '127.0.0.1');
  const [tlsCert, tlsKey] = [join(directory, 'gateway.pem'), join(directory, 'gateway.key')];
  writeFileSync(tlsCert, ofGateways.certificate);
  writeFileSync(tlsKey, ofGateways.key);

  const coordinator = await startCoordinator({
    trinoHome: await ensureDistribution(),
    config: [
      'http-server.https.enabled=true',
      'http-server.https.port=8443',
      'http-server.https.keystore.path={etc}/server.pem',
      'http-server.authentication.type=PASSWORD',
      'internal-communication.shared-secret=known-to-nobody-but-the-tests',
    ],
    files: {
      'password-authenticator.properties': 'password-authenticator.name=file\nfile.password-file={etc}/passwords\n',
      passwords: passwordLine(),
    },
    certificateFor: (host) => {
      const { key, certificate } = issue(host);
      return `${key}${certificate}`;
    },
  });
  const url = `https://${coordinator.host}:8443`;
  const flags = ['--tls-cert', tlsCert, '--tls-key', tlsKey, '--coordinator-ca', trustedFile];
  const gateways = await twoGateways({ version: coordinator.version, url }, directory, flags);
  const who = { user, password, trustedFile };
  return {
    version: coordinator.version,
    direct: { url, ...who },
    throughGateways: { url: `https://localhost:${gateways.port}`, ...who },
    connections: () => gateways.urls.map((url) => gateways.connectionsTo(url)),
  };
}
