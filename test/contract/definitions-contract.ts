// What our definitions accept and refuse, and in which words: on the embedded API and on a real one, with admission and
// without. Dry runs, so that the samples do not meet each other.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { xtrinodeCatalogs, xtrinodes } from '#apis/v1/resources.ts';
import { isKubeError, KubeError } from '#kube/errors.ts';
import type { KubeApi } from '#kube/port.ts';
import type { Refusal, Sample } from '../builders/admission-sample.ts';
import { catalogSamples } from '../builders/catalog-samples.ts';
import { referenceSamples } from '../builders/reference-samples.ts';
import { runtimeSamples } from '../builders/runtime-samples.ts';

export interface DefinedServer {
  readonly api: KubeApi;
  stop(): Promise<unknown>;
}

export interface DefinitionsInit {
  /** Whether something answers for what definitions cannot say. */
  readonly hasAdmission: boolean;
  /** With our definitions installed. */
  readonly open: () => Promise<DefinedServer>;
}

function sorted(refusals: readonly Refusal[]): readonly string[] {
  return refusals.map(({ field, message }) => `${field}: ${message}`).toSorted();
}

async function refusalsOf(api: KubeApi, { object }: Sample): Promise<readonly Refusal[]> {
  const resource = object.kind === xtrinodes.kind ? xtrinodes : xtrinodeCatalogs;
  try {
    await api.create(resource, object, { fieldManager: 'test', dryRun: true, fieldValidation: 'Strict' });
    return [];
  } catch (error) {
    assert.ok(isKubeError(error, 'Invalid') && error instanceof KubeError, String(error));
    assert.equal(error.code, 422);
    return error.causes.map(({ field = '', message }) => ({ field, message }));
  }
}

export function describeDefinitions(name: string, { hasAdmission, open }: DefinitionsInit): void {
  describe(`definitions: ${name}`, () => {
    let server: DefinedServer;
    before(async () => {
      server = await open();
    });
    after(() => server.stop());

    for (const sample of [...runtimeSamples, ...catalogSamples, ...referenceSamples]) {
      const expected = sample.by === 'definition' || hasAdmission ? sample.refusals : [];
      it(`${expected.length === 0 ? 'accepts' : 'refuses'} an ${sample.object.kind} with ${sample.about}`, async () => {
        assert.deepEqual(sorted(await refusalsOf(server.api, sample)), sorted(expected));
      });
    }
  });
}
