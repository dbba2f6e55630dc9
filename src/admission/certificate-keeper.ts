// Keeps the webhooks' certificates: one Secret for all replicas, the configuration that API servers read, and what this
// replica serves with. Every replica runs it; each pass looks afresh, writes one thing at most, with optimistic locking, and
// looks again, so that any two writes may have a crash or another replica between them. Shell round certificate-set.ts.
import type { Clock, EpochMs } from '#core/clock.ts';
import { isContained } from '#core/equality.ts';
import type { KubeObject, Secret } from '#core/objects.ts';
import { fieldOwner } from '#apis/v1/resources.ts';
import { isPair, validityOf } from '#certificates/inspect.ts';
import type { IssuedCertificate } from '#certificates/issue.ts';
import { createReflector } from '#kube/cache/reflector.ts';
import { WorkQueue } from '#kube/control/work-queue.ts';
import { isKubeError } from '#kube/errors.ts';
import type { KubeApi } from '#kube/port.ts';
import { secrets } from '#kube/resources.ts';
import type { Log } from '#observe/log.ts';
import { caBundleOf, formatCertificateSet, nextStep, readCertificateSet, take } from './certificate-set.ts';
import {
  certificateSecretName,
  publishedBundle,
  publishedReach,
  registrationName,
  renderRegistration,
  validatingWebhookConfigurations,
  type Reach,
} from './registration.ts';

export interface CertificateKeeperInit {
  readonly api: KubeApi;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  /** Where the Secret is. */
  readonly namespace: string;
  /** How API servers reach the webhooks. */
  readonly reach: Reach;
  /** Called before API servers are told to trust it, and whenever it changes. */
  readonly serve: (certificate: IssuedCertificate) => void;
}

export interface CertificateKeeper {
  /** Fulfilled when API servers have been told to ask us; until then it tries again and again. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What a replica serves and has published; `again` is when to look next if nothing happens. */
interface Kept {
  readonly serving: IssuedCertificate;
  readonly caBundle: string;
  readonly again: EpochMs | undefined;
}

const managedBy = 'app.kubernetes.io/managed-by';
const onlyKey = 'certificates';

function hostsOfReach(reach: Reach): readonly string[] {
  if ('url' in reach) return [new URL(reach.url).hostname.replace(/^\[(.*)\]$/, '$1')];
  const { name, namespace } = reach.service;
  return [`${name}.${namespace}.svc`, `${name}.${namespace}`, `${name}.${namespace}.svc.cluster.local`];
}

/** A Secret that somebody else keeps, such as cert-manager: it is served, and never written. Throws when it cannot be. */
function keptByOthers(secret: Secret): Kept {
  const text = (name: string): string => Buffer.from(secret.data?.[name] ?? '', 'base64').toString();
  const serving = { certificate: text('tls.crt'), key: text('tls.key') };
  const caBundle = text('ca.crt');
  if (!isPair(serving) || validityOf(caBundle) === undefined) {
    throw new Error(
      `Secret ${secret.metadata.name} is not labelled ${managedBy}=${fieldOwner}, so it is somebody else's to fill, and it lacks tls.crt with ` +
        'its tls.key, or ca.crt: have its owner (cert-manager, say) issue them, or delete it, and the operator issues its own',
    );
  }
  return { serving, caBundle, again: undefined };
}

export function createCertificateKeeper(init: CertificateKeeperInit): CertificateKeeper {
  const { api, clock, log, namespace, reach } = init;
  const hosts = hostsOfReach(reach);
  const queue = new WorkQueue({ clock, random: init.random });
  const named = (name: string) => ({ fieldSelector: `metadata.name=${name}` });
  const following = [
    createReflector<Secret>({ ...init, resource: secrets, where: { namespace, ...named(certificateSecretName) } }),
    createReflector<KubeObject>({ ...init, resource: validatingWebhookConfigurations, where: named(registrationName) }),
  ];
  const ready = Promise.withResolvers<void>();
  let nextTrusted: { readonly ca: string; readonly since: EpochMs } | undefined;
  let served: IssuedCertificate | undefined;
  let hasRegistered = false;

  /** The Secret's content as it is; undefined when it had to be written first, and is to be read again. */
  async function keep(published: string): Promise<Kept | undefined> {
    const key = { namespace, name: certificateSecretName };
    const secret = await api.get<Secret>(secrets, key);
    if (secret !== undefined && secret.metadata.labels?.[managedBy] !== fieldOwner) return keptByOthers(secret);
    const set = secret === undefined ? 'there is none yet' : readCertificateSet(secret);
    const nowMs = clock.now();
    const next = typeof set === 'string' ? undefined : set.nextCa?.certificate;
    if (next === undefined || !published.includes(next)) nextTrusted = undefined;
    else if (nextTrusted?.ca !== next) nextTrusted = { ca: next, since: nowMs };
    const step = nextStep(set, { hosts, nowMs, nextTrustedSince: nextTrusted?.since });
    if (step.do === 'wait' && typeof set !== 'string') return { serving: set.serving, caBundle: caBundleOf(set), again: step.until };
    if (step.do !== 'wait') log.info('webhook certificates', { step: step.do, because: step.because });
    const resourceVersion = secret?.metadata.resourceVersion;
    const wanted: Secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...key, labels: { [managedBy]: fieldOwner }, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
      type: 'kubernetes.io/tls',
      data: formatCertificateSet(take(step, set, hosts, nowMs)),
    };
    if (secret === undefined) await api.create(secrets, wanted, { fieldManager: fieldOwner });
    else await api.replace(secrets, wanted, { fieldManager: fieldOwner });
    return undefined;
  }

  async function pass(): Promise<void> {
    // Read before the Secret: if another replica is ahead of us, the write below meets its newer version and is refused.
    const registration = await api.get<KubeObject>(validatingWebhookConfigurations, { name: registrationName });
    const kept = await keep(publishedBundle(registration));
    if (kept === undefined) {
      queue.add(onlyKey);
      return;
    }
    if (served?.certificate !== kept.serving.certificate) init.serve(kept.serving);
    served = kept.serving;
    // The replica that started last decides by which name they are reached: two that differ must not write for ever.
    const wanted = renderRegistration((hasRegistered ? publishedReach(registration) : undefined) ?? reach, kept.caBundle);
    if (registration === undefined || !isContained(wanted, registration)) {
      const resourceVersion = registration?.metadata.resourceVersion;
      const metadata = { ...wanted.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
      await api.apply(validatingWebhookConfigurations, { ...wanted, metadata }, { fieldManager: fieldOwner, force: true });
      // What was published a moment ago counts from now: the next look sees it.
      queue.add(onlyKey);
      return;
    }
    hasRegistered = true;
    ready.resolve();
    if (kept.again !== undefined) queue.addAfter(onlyKey, kept.again - clock.now());
  }

  function onError(_: string, error: unknown): void {
    // Another replica was quicker, and what it did is seen at the next look.
    if (isKubeError(error, 'Conflict', 'AlreadyExists')) log.debug('webhook certificates: another replica was quicker', { error });
    else log.warn('webhook certificates could not be looked after, will try again', { error });
  }

  return {
    async start() {
      for (const reflector of following) {
        reflector.store.subscribe(() => queue.add(onlyKey));
        reflector.start();
      }
      queue.add(onlyKey);
      queue.run({ concurrency: 1, process: pass, onError });
      await ready.promise;
    },
    async stop() {
      for (const reflector of following) reflector.stop();
      await queue.stop();
      ready.reject(new Error('the webhooks were stopped before API servers knew of them'));
      // Whoever awaits `start` sees it; nobody awaiting it is no fault.
      ready.promise.catch(() => undefined);
    },
  };
}

/** For an operator without webhooks: with the configuration left behind, API servers would refuse every change. */
export async function removeRegistration(api: KubeApi): Promise<void> {
  await api.remove(validatingWebhookConfigurations, { name: registrationName });
}
