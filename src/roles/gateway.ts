// Composition root of the gateway as a process of its own. What differs between its modes are two parameters: where routes come
// from and who is asked to wake a runtime.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readYamlDocuments } from '#cli/kubernetes-yaml.ts';
import type { Clock } from '#core/clock.ts';
import { aborted } from '#core/pause.ts';
import type { DemandPort } from '#gateway/hold/demand.ts';
import { createFileRoutes } from '#gateway/routing/file-routes.ts';
import type { RouteSource } from '#gateway/routing/route-source.ts';
import { createGateway } from '#gateway/server.ts';
import { SetupError } from '#node/setup-error.ts';
import { createLog, type Log } from '#observe/log.ts';
import { bind } from './bind.ts';

export interface ListenAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

export interface GatewayInit {
  readonly routes: RouteSource;
  readonly demand: DemandPort;
  readonly listen: ListenAddress;
  readonly clock: Clock;
  readonly log: Log;
  /** See GatewayInit of the gateway itself. */
  readonly isOnlyReplica?: boolean;
}

export interface GatewayRole {
  /** The one that was taken. */
  readonly port: number;
  /** Running answers get `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** Two characters of [a-z2-9] that tell one gateway from others. */
export function randomShard(): string {
  return randomBytes(1).toString('hex').replaceAll('0', 'g').replaceAll('1', 'h');
}

/** Listens first, so that a taken port is known before anything else happens. Throws SetupError for it. */
export async function startGateway({ routes, demand, listen, clock, log, isOnlyReplica = false }: GatewayInit): Promise<GatewayRole> {
  const gateway = createGateway({ routes, demand, clock, log, shard: randomShard(), isOnlyReplica });
  const port = await bind('gateway', '--listen ADDRESS:PORT', listen.port, () => gateway.listen([listen.host], listen.port));
  await routes.start();
  return {
    port,
    async stop(graceMs) {
      routes.stop();
      await gateway.stop(graceMs);
    },
  };
}

export interface GatewayOptions {
  /** A list of route entries in YAML or JSON. */
  readonly routesFile: string;
  readonly listen: ListenAddress;
  readonly clock: Clock;
  /** Aborted by Ctrl-C or SIGTERM: everything is stopped in order. */
  readonly signal: AbortSignal;
  readonly out: (text: string) => void;
  readonly note: (text: string) => void;
  readonly isInteractive: boolean;
}

/** A file may come later; a directory that is missing is a mistake in the path, and cannot be watched. */
function checkDirectory(file: string): void {
  if (existsSync(dirname(file))) return;
  throw new SetupError({
    what: 'the gateway cannot follow its routes',
    why: `there is no directory ${dirname(file)}.`,
    mend: 'Give the path of a file in a directory that exists: --routes FILE.',
  });
}

/** Running answers get this long when the gateway is stopped. */
const stopGraceMs = 25_000;

const nobody: DemandPort = { ask: () => Promise.resolve(), end: () => Promise.resolve() };

function nameOf({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Runs until the signal. Throws SetupError for what the user can mend. */
export async function runGateway({ routesFile, listen, clock, signal, out, note, isInteractive }: GatewayOptions): Promise<void> {
  const log = createLog({ level: 'info', format: isInteractive ? 'pretty' : 'json', write: note, fields: { component: 'gateway' } });
  const file = resolve(routesFile);
  checkDirectory(file);
  const parse = (text: string): unknown => readYamlDocuments(text)[0];
  const gateway = await startGateway({ routes: createFileRoutes({ file, parse, clock, log }), demand: nobody, listen, clock, log });
  log.info('routes come from a file: there is nobody to wake a sleeping runtime, a query for one that is PAUSED ends at once', { file });
  out(`listening on http://${nameOf({ ...listen, port: gateway.port })}\n`);
  await aborted(signal);
  await gateway.stop(stopGraceMs);
}
