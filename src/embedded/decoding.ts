// What comes in becomes an object of its kind: kind and version as the path says, unknown fields dropped, warned of or refused.
// Pure.
import { decodeFields, whyUndecodable } from './content-rules.ts';
import { copyJson } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import { badRequest } from './refusals.ts';
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

/** Kind and version, metadata, unknown fields. Returns a copy that may be changed. */
export function decode(served: Served, given: JsonObject, context: WriteContext): JsonObject {
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
  if (unknown.length > 0 && context.fieldValidation === 'Strict') {
    const list = unknown.map((field) => `unknown field "${field}"`).join(', ');
    throw badRequest(`${type.kind} in version "${version.name}" cannot be handled as a ${type.kind}: strict decoding error: ${list}`);
  }
  if (context.fieldValidation === 'Warn') {
    unknown.forEach((field) => context.warn(`unknown field "${field}"`));
  }
  return object;
}
