// Every refusal of the embedded API as a KubeError with the code, reason and wording of a real API server, and the Status
// object that carries it over HTTP. Pure.
import { KubeError } from '#kube/errors.ts';
import type { StatusCause } from '#kube/errors.ts';

interface Named {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}

/** One wrong field. `message` comes without the field's name. */
export interface FieldProblem {
  readonly field: string;
  readonly reason:
    | 'FieldValueInvalid'
    | 'FieldValueRequired'
    | 'FieldValueNotSupported'
    | 'FieldValueDuplicate'
    | 'FieldValueForbidden'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueTypeInvalid';
  readonly message: string;
}

export function qualified({ group, plural }: { readonly group: string; readonly plural: string }): string {
  return group === '' ? plural : `${plural}.${group}`;
}

function detailsOf(type: Named, name: string): Record<string, unknown> {
  return { ...(name === '' ? {} : { name }), ...(type.group === '' ? {} : { group: type.group }), kind: type.plural };
}

export function notFound(type: Named, name: string): KubeError {
  return new KubeError({
    code: 404,
    reason: 'NotFound',
    message: `${qualified(type)} "${name}" not found`,
    details: detailsOf(type, name),
  });
}

export function noSuchResource(): KubeError {
  return new KubeError({ code: 404, reason: 'NotFound', message: 'the server could not find the requested resource' });
}

/** Nothing is served below this path at all: over HTTP a plain text, as of a real API server. */
export const NO_SUCH_PATH = Object.freeze(new KubeError({ code: 404, reason: 'NotFound', message: '404 page not found' }));

export function alreadyExists(type: Named, name: string): KubeError {
  const message = `${qualified(type)} "${name}" already exists`;
  return new KubeError({ code: 409, reason: 'AlreadyExists', message, details: detailsOf(type, name) });
}

export function conflict(type: Named, name: string, why?: string): KubeError {
  const text = why ?? 'the object has been modified; please apply your changes to the latest version and try again';
  const message = `Operation cannot be fulfilled on ${qualified(type)} "${name}": ${text}`;
  return new KubeError({ code: 409, reason: 'Conflict', message, details: detailsOf(type, name) });
}

export function invalid(type: Named, name: string, problems: readonly FieldProblem[]): KubeError {
  const texts = problems.map((problem) => (problem.field === '' ? problem.message : `${problem.field}: ${problem.message}`));
  const list = texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`;
  const kind = type.group === '' ? type.kind : `${type.kind}.${type.group}`;
  const causes: StatusCause[] = problems.map(({ field, reason, message }) => ({ reason, message, field }));
  return new KubeError({
    code: 422,
    reason: 'Invalid',
    message: `${kind} "${name}" is invalid: ${list}`,
    causes,
    // a patch is of no kind
    details: type.kind === '' ? {} : { ...detailsOf(type, name), kind: type.kind },
  });
}

export function badRequest(message: string): KubeError {
  return new KubeError({ code: 400, reason: 'BadRequest', message });
}

export function forbidden(type: Named, name: string, why: string, causes: readonly StatusCause[] = []): KubeError {
  const message = `${qualified(type)} "${name}" is forbidden: ${why}`;
  return new KubeError({ code: 403, reason: 'Forbidden', message, causes, details: detailsOf(type, name) });
}

export function expired(resourceVersion: string, oldest: number): KubeError {
  return new KubeError({ code: 410, reason: 'Expired', message: `too old resource version: ${resourceVersion} (${oldest})` });
}

/** Of a later page whose first page is forgotten. */
export function pageExpired(): KubeError {
  const message =
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue' +
    ' parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token' +
    ' results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and' +
    ' now may show up in the list.';
  return new KubeError({ code: 410, reason: 'Expired', message });
}

export function listExpired(): KubeError {
  return new KubeError({ code: 410, reason: 'Expired', message: 'The resourceVersion for the provided list is too old.' });
}

export function unsupportedMediaType(message: string): KubeError {
  return new KubeError({ code: 415, reason: 'UnsupportedMediaType', message });
}

export function methodNotAllowed(message: string): KubeError {
  return new KubeError({ code: 405, reason: 'MethodNotAllowed', message });
}

/** Something a real API server does and this one does not. `what` is the subject of the sentence. */
export function notServed(what: string): KubeError {
  return new KubeError({ code: 501, reason: 'MethodNotAllowed', message: `${what} is not served by the embedded API of XTrinode` });
}

/** The meta/v1 Status of a failure. */
export function statusOf(error: KubeError): Record<string, unknown> {
  const details = {
    ...error.details,
    ...(error.causes.length > 0 ? { causes: error.causes } : {}),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterSeconds: Math.ceil(error.retryAfterMs / 1_000) }),
  };
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: error.message,
    // a real API server has no reason for failures that its code did not foresee
    ...(error.reason === 'InternalError' && !error.message.startsWith('Internal error occurred') ? {} : { reason: error.reason }),
    ...(Object.keys(details).length > 0 ? { details } : {}),
    code: error.code,
  };
}

/** Any failure as a KubeError; what is not one becomes 500 InternalError. */
export function asKubeError(error: unknown): KubeError {
  if (error instanceof KubeError) {
    return error;
  }
  const message = `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`;
  return new KubeError({ code: 500, reason: 'InternalError', message, cause: error });
}
