// Where a gateway has its seal keys from: Secret `xtrinode-gateway-seal`, which the operator makes and rotates, followed by
// watch; until it is there, and where there is no Kubernetes, a random key of its own, which no other replica has. Shell.
import { randomBytes } from 'node:crypto';
import type { Clock, EpochMs } from '#core/clock.ts';
import type { Secret } from '#core/objects.ts';
import { annotations, gatewayNamespace, gatewaySealSecret } from '#apis/v1/resources.ts';
import { createReflector } from '#kube/cache/reflector.ts';
import type { KubeApi } from '#kube/port.ts';
import { secrets } from '#kube/resources.ts';
import type { Log } from '#observe/log.ts';
import { createKeyRing, createSealKey, sealSecretBytes, type KeyRing, type SealKey } from './seal-key.ts';

export interface SealKeys {
  ring(): KeyRing;
  /** Fulfilled when it is known whether there is a Secret. */
  start(): Promise<void>;
  stop(): void;
}

export interface SealKeysInit {
  readonly api: KubeApi;
  /** Of the Secret; default: the gateway's. */
  readonly namespace?: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** A new key opens at once, but seals only after so long: until then a replica may not have heard of it (a silent watch is noticed after 330 s). */
export const settleMs = 10 * 60_000;
/** Keys that were in force in this process's life and still open; a Secret that was deleted and made anew must not strand anybody. */
const maxFormer = 4;

export interface SealSecret {
  readonly current: SealKey;
  readonly previous: SealKey | undefined;
  /** Undefined for a Secret that the operator did not make. */
  readonly rotatedAt: EpochMs | undefined;
}

function parseKey(text: string | undefined): SealKey | undefined {
  const secret = Buffer.from(text ?? '', 'base64');
  return secret.length === sealSecretBytes ? createSealKey(secret) : undefined;
}

/** The keys of a Secret, or one sentence on what is wrong with it. Pure. */
export function parseSealSecret({ data = {}, metadata }: Secret): SealSecret | string {
  const current = parseKey(data['current']);
  if (current === undefined) return `data.current must be ${sealSecretBytes} random bytes, base64`;
  const previous = parseKey(data['previous']);
  if (data['previous'] !== undefined && previous === undefined) return `data.previous must be ${sealSecretBytes} random bytes, base64`;
  const rotatedAt = Date.parse(metadata.annotations?.[annotations.sealRotatedAt] ?? '');
  return { current, previous, rotatedAt: Number.isNaN(rotatedAt) ? undefined : rotatedAt };
}

/** Which key to seal with now. `former`: what this gateway sealed with before, newest first. Pure. */
export function chooseSealingKey({ current, previous, rotatedAt }: SealSecret, former: readonly SealKey[], now: EpochMs): SealKey {
  const isSettled = rotatedAt === undefined || now - rotatedAt >= settleMs;
  return isSettled ? current : (previous ?? former.find(({ id }) => id !== current.id) ?? current);
}

/** Newest first, without those of the Secret as it is now. Pure. */
function formerKeys(before: SealSecret | undefined, former: readonly SealKey[], after: SealSecret): readonly SealKey[] {
  const known = [before?.current, before?.previous, ...former].filter((key) => key !== undefined);
  const gone = new Map(known.map((key) => [key.id, key]));
  for (const key of [after.current, after.previous]) if (key !== undefined) gone.delete(key.id);
  return [...gone.values()].slice(0, maxFormer);
}

export function createOwnKeys(): KeyRing {
  return createKeyRing({ current: createSealKey(randomBytes(sealSecretBytes)), isShared: false });
}

export function createSealKeys({ api, namespace = gatewayNamespace, clock, random, log }: SealKeysInit): SealKeys {
  const own = createOwnKeys().current;
  const where = { namespace, fieldSelector: `metadata.name=${gatewaySealSecret}` };
  const reflector = createReflector<Secret>({ api, resource: secrets, where, clock, random, log });
  const name = `${namespace}/${gatewaySealSecret}`;
  let secret: SealSecret | undefined;
  let former: readonly SealKey[] = [];
  let isComplete = false;
  let hasTold = false;
  /** Asked for with each held page. */
  let made: KeyRing | undefined;

  function makeRing(current: SealKey): KeyRing {
    if (secret === undefined) return createKeyRing({ current, isShared: false, isComplete });
    const { previous } = secret;
    const others = [own, ...former, secret.current, ...(previous === undefined ? [] : [previous])];
    return createKeyRing({ current, others, isShared: true });
  }

  function tellOwn(): void {
    if (hasTold || secret !== undefined) return;
    hasTold = true;
    log.warn('there is no seal key: waiting statements stay with this gateway and end with it, until the operator makes the Secret', {
      secret: name,
    });
  }

  function follow(after: Secret | undefined): void {
    if (after === undefined) return log.warn('the Secret with the seal keys is gone; its keys stay in force here', { secret: name });
    const parsed = parseSealSecret(after);
    if (typeof parsed === 'string') return log.warn('the Secret with the seal keys is not usable', { secret: name, problem: parsed });
    former = formerKeys(secret, former, parsed);
    secret = parsed;
    made = undefined;
    log.info('took seal keys', { secret: name, current: parsed.current.id, previous: parsed.previous?.id });
  }

  return {
    ring() {
      const current = secret === undefined ? own : chooseSealingKey(secret, former, clock.now());
      if (made?.current !== current) made = makeRing(current);
      return made;
    },
    async start() {
      reflector.store.subscribe(({ after }) => follow(after));
      reflector.start();
      await reflector.synced;
      isComplete = true;
      made = undefined;
      tellOwn();
    },
    stop() {
      reflector.stop();
    },
  };
}
