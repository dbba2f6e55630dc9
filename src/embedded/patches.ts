// One patch of any type as a function from the current object to the wanted one.
import { isJsonObject } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import { jsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import type { PatchType } from '#kube/port.ts';
import { badRequest, unsupportedMediaType } from './refusals.ts';
import type { Served } from './registry.ts';
import { strategicPatch } from './strategic-patch.ts';

/** Throws 415 for a strategic patch of a custom resource, 400 when the patch is not one. */
export function patchWith({ type }: Served, patchType: PatchType, patch: unknown): (current: JsonObject) => JsonObject {
  const object = (value: unknown): JsonObject => {
    if (!isJsonObject(value)) {
      throw badRequest('the patch must be a JSON object, and so must its result');
    }
    return value;
  };
  switch (patchType) {
    case 'merge':
      return (current) => object(mergePatch(current, object(patch)));
    case 'json':
      return (current) => object(jsonPatch(current, patch));
    case 'strategic':
      if (type.isCustom) {
        const accepted = 'application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml';
        throw unsupportedMediaType(`the body of the request was in an unknown format - accepted media types include: ${accepted}`);
      }
      return (current) => strategicPatch(current, object(patch));
    default:
      return patchType satisfies never;
  }
}
