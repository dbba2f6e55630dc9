// The annotation in which client-side `kubectl apply` remembers what it applied, as server-side apply by kubectl sees it: fields that
// are as remembered are no conflict, and the memory is kept up, so that users may change over and back. Pure.
// Source: k8s.io/apimachinery managedfields, lastAppliedManager and lastAppliedUpdater.
import { canonicalJson } from '#core/hash.ts';
import { NO_FIELDS, compareFields, difference, fieldsOf } from './field-ownership.ts';
import type { FieldTree } from './field-ownership.ts';
import { asObject, isJsonObject } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import type { Shape } from './list-types.ts';

const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';
/** Who names itself otherwise has nothing to do with the annotation. */
const MANAGER = 'kubectl';

function remembered(object: JsonObject): string | undefined {
  const text = asObject(asObject(object['metadata'])['annotations'])[ANNOTATION];
  return typeof text === 'string' ? text : undefined;
}

/** Fields of the object that this manager may take over from anybody. `content` leaves out what nobody owns. */
export function fieldsAsLastApplied(
  live: JsonObject,
  manager: string,
  shape: Shape,
  content: (object: JsonObject) => JsonObject,
): FieldTree {
  const text = manager === MANAGER ? remembered(live) : undefined;
  const applied = text === undefined ? undefined : parse(text);
  if (applied === undefined) {
    return NO_FIELDS;
  }
  const { changed, removed } = compareFields(content(applied), content(live), shape);
  return difference(difference(fieldsOf(content(applied), shape), changed), removed);
}

/** Users may write what they like there: it is no memory then. */
function parse(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}

/** The object, remembering that this was applied, if it remembers anything. */
export function withLastApplied(object: JsonObject, applied: JsonObject, manager: string): JsonObject {
  if (manager !== MANAGER || remembered(object) === undefined) {
    return object;
  }
  const { managedFields: _managedFields, ...metadata } = asObject(applied['metadata']);
  const { [ANNOTATION]: _former, ...others } = asObject(metadata['annotations']);
  const annotations = metadata['annotations'] === undefined ? {} : { annotations: others };
  const text = `${canonicalJson({ ...applied, metadata: { ...metadata, ...annotations } })}\n`;
  const current = asObject(object['metadata']);
  return { ...object, metadata: { ...current, annotations: { ...asObject(current['annotations']), [ANNOTATION]: text } } };
}
