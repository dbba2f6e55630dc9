// One patch of any type as a function from the current object to the wanted one.
import { asObject, asText, isJsonObject } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import { jsonPatch } from './json-patch.ts';
import { builtInShape } from './list-types.ts';
import { mergePatch } from './merge-patch.ts';
import type { PatchType } from '#kube/port.ts';
import { badRequest, invalid, unsupportedMediaType } from './refusals.ts';
import type { Served } from './registry.ts';
import { strategicPatch } from './strategic-patch.ts';

/** Throws 415 for a strategic patch of a custom resource, 400 when the patch is not one. */
export function patchWith(served: Served, patchType: PatchType, patch: unknown): (current: JsonObject) => JsonObject {
  const object = (value: unknown): JsonObject => {
    if (!isJsonObject(value)) {
      throw badRequest('the patch must be a JSON object, and so must its result');
    }
    return value;
  };
  switch (patchType) {
    case 'merge':
      return (current) => sameUid(served, current, object(mergePatch(current, object(patch))));
    case 'json':
      return (current) => sameUid(served, current, object(jsonPatch(current, patch)));
    case 'strategic':
      if (served.type.isCustom) {
        const accepted = 'application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml';
        throw unsupportedMediaType(`the body of the request was in an unknown format - accepted media types include: ${accepted}`);
      }
      return (current) => sameUid(served, current, strategicPatch(current, object(patch), builtInShape(served)));
    default:
      return patchType satisfies never;
  }
}

/** A patch changes the object it was asked for; a uid in a replacement says which one that must be, and is checked with it. */
function sameUid({ type }: Served, current: JsonObject, patched: JsonObject): JsonObject {
  const [was, is] = [asObject(current['metadata'])['uid'], asObject(patched['metadata'])['uid']];
  if (is !== undefined && is !== was) {
    const message = `Invalid value: ${JSON.stringify(is)}: field is immutable`;
    throw invalid(type, asText(asObject(current['metadata'])['name']), [{ reason: 'FieldValueInvalid', field: 'metadata.uid', message }]);
  }
  return patched;
}
