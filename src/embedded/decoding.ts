// What comes in becomes an object of its kind: kind and version as the path says, unknown fields dropped, warned of or refused.
// Pure.
import { decodeFields, whyUndecodable } from './content-rules.ts';
import { KubeError } from '#kube/errors.ts';
import { asObject, asText, copyJson } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import { badRequest, invalid } from './refusals.ts';
import { apiVersionIn } from './registry.ts';
import type { Served } from './registry.ts';

/** Who writes, and how strictly. */
export interface WriteContext {
  readonly fieldManager: string;
  readonly isDryRun: boolean;
  /** What becomes of unknown and duplicate fields. */
  readonly fieldValidation: 'Strict' | 'Warn' | 'Ignore';
  readonly userInfo?: { readonly username: string };
  readonly warn: (message: string) => void;
}

/** What the client sent: the object as it is, a patch that made it, or what is to be applied, which knows no leniency. */
export type Sent = 'object' | 'patch' | 'applied';

/** Kind and version, metadata, unknown fields. Returns a copy that may be changed. */
export function decode(served: Served, given: JsonObject, context: WriteContext, sent: Sent = 'object'): JsonObject {
  const { type, version } = served;
  const apiVersion = apiVersionIn(type.group, version.name);
  if (given['kind'] !== undefined && given['kind'] !== type.kind) {
    throw badRequest(`the object provided is unrecognized (must be of type ${type.kind}): its kind is ${JSON.stringify(given['kind'])}`);
  }
  if (given['apiVersion'] !== undefined && given['apiVersion'] !== apiVersion) {
    throw badRequest(
      `the API version in the data (${JSON.stringify(given['apiVersion'])}) does not match the expected API version (${apiVersion})`,
    );
  }
  const undecodable = whyUndecodable(served, given);
  if (undecodable !== undefined) {
    throw badRequest(`${type.kind} in version "${version.name}" cannot be handled as a ${type.kind}: ${undecodable}`);
  }
  const unknown: string[] = [];
  const object = decodeFields(served, { apiVersion, kind: type.kind, ...copyJson(given) }, unknown);
  if (unknown.length > 0 && (context.fieldValidation === 'Strict' || sent === 'applied')) {
    throw refuseUnknown(served, object, unknown, sent);
  }
  if (context.fieldValidation === 'Warn') {
    unknown.forEach((field) => context.warn(`unknown field "${field}"`));
  }
  return object;
}

function refuseUnknown({ type, version }: Served, object: JsonObject, unknown: readonly string[], sent: Sent): KubeError {
  const strict = `strict decoding error: ${unknown.map((field) => `unknown field "${field}"`).join(', ')}`;
  switch (sent) {
    case 'object':
      return badRequest(`${type.kind} in version "${version.name}" cannot be handled as a ${type.kind}: ${strict}`);
    case 'patch':
      // of no kind and no name, as in Kubernetes
      return invalid({ group: '', plural: '', kind: '' }, '', [
        { reason: 'FieldValueInvalid', field: 'patch', message: `Invalid value: ${JSON.stringify(JSON.stringify(object))}: ${strict}` },
      ]);
    case 'applied': {
      const { namespace, name } = asObject(object['metadata']);
      const place = type.namespaced ? `${asText(namespace)}/${asText(name)}` : `/${asText(name)}`;
      const lines = unknown.map((field) => `.${field}: field not declared in schema`);
      const what = lines.length === 1 ? (lines[0] ?? '') : `errors:\n${lines.map((line) => `  ${line}`).join('\n')}`;
      const message = `failed to create typed patch object (${place}; ${type.group}/${version.name}, Kind=${type.kind}): ${what}`;
      return new KubeError({ code: 500, reason: 'InternalError', message });
    }
    default:
      return sent satisfies never;
  }
}
