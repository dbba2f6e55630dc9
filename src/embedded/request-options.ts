// The options of a request, from its query and, for a deletion, its body: who writes, how strictly, and whether at all. What there
// is no such value for is refused by name, never overlooked.
import type { RemoveOptions } from '#kube/port.ts';
import type { WriteContext } from './decoding.ts';
import type { Exchange } from './http-exchange.ts';
import { asArray, asObject, asText } from './json-values.ts';
import { invalid } from './refusals.ts';
import type { FieldProblem } from './refusals.ts';

const KINDS: Readonly<Record<string, string>> = {
  POST: 'CreateOptions',
  PUT: 'UpdateOptions',
  PATCH: 'PatchOptions',
  DELETE: 'DeleteOptions',
};
const MAX_MANAGER_BYTES = 128;
const VALIDATIONS = ['', 'Ignore', 'Strict', 'Warn'] as const;
const POLICIES = ['Foreground', 'Background', 'Orphan'] as const;

/** Throws 422. */
export function refuseOption({ method }: Exchange, field: string, reason: FieldProblem['reason'], message: string): never {
  throw invalid({ group: 'meta.k8s.io', plural: '', kind: KINDS[method] ?? 'ListOptions' }, '', [{ field, reason, message }]);
}

function listed(values: readonly string[]): string {
  return values.map((value) => JSON.stringify(value)).join(', ');
}

/** Throws 422. */
export function writeContextOf(exchange: Exchange): WriteContext {
  const { query, request, warnings } = exchange;
  const given = query.get('fieldValidation') ?? '';
  const fieldValidation = VALIDATIONS.find((one) => one === given);
  if (fieldValidation === undefined) {
    const message = `Unsupported value: ${JSON.stringify(given)}: supported values: ${listed(VALIDATIONS)}`;
    refuseOption(exchange, 'fieldValidation', 'FieldValueNotSupported', message);
  }
  // As a real API server names managers that do not name themselves.
  const fieldManager = query.get('fieldManager') ?? (request.headers['user-agent'] ?? 'unknown').split('/')[0] ?? 'unknown';
  if (query.has('fieldManager') && Buffer.byteLength(fieldManager) > MAX_MANAGER_BYTES) {
    refuseOption(exchange, 'fieldManager', 'FieldValueTooLong', `Too long: may not be more than ${MAX_MANAGER_BYTES} bytes`);
  }
  return {
    fieldManager,
    isDryRun: isDry(exchange, query.getAll('dryRun')),
    fieldValidation: fieldValidation === '' ? 'Warn' : fieldValidation,
    userInfo: { username: 'xtrinode' },
    warn: (message) => warnings.push(message),
  };
}

function isDry(exchange: Exchange, values: readonly string[]): boolean {
  if (values.some((value) => value !== 'All')) {
    const message = `Unsupported value: [${listed(values)}]: supported values: "All"`;
    refuseOption(exchange, 'dryRun', 'FieldValueNotSupported', message);
  }
  return values.length > 0;
}

/** DeleteOptions come in the body, or in the query for simple clients. Throws 422. */
export function removeOptionsOf(body: unknown, exchange: Exchange): { readonly options: RemoveOptions; readonly context: WriteContext } {
  const { query } = exchange;
  const options = asObject(body);
  const preconditions = asObject(options['preconditions']);
  const grace = options['gracePeriodSeconds'] ?? (query.has('gracePeriodSeconds') ? Number(query.get('gracePeriodSeconds')) : undefined);
  const given =
    asText(options['propagationPolicy']) || query.get('propagationPolicy') || (options['orphanDependents'] === true ? 'Orphan' : '');
  const propagationPolicy = POLICIES.find((policy) => policy === given);
  if (given !== '' && propagationPolicy === undefined) {
    const message = `Unsupported value: ${JSON.stringify(given)}: supported values: ${listed([...POLICIES, 'nil'])}`;
    refuseOption(exchange, 'propagationPolicy', 'FieldValueNotSupported', message);
  }
  const context = writeContextOf(exchange);
  const isDryRun = isDry(exchange, asArray(options['dryRun']).map(String)) || context.isDryRun;
  return {
    options: {
      ...(typeof preconditions['uid'] === 'string' ? { uid: preconditions['uid'] } : {}),
      ...(typeof preconditions['resourceVersion'] === 'string' ? { resourceVersion: preconditions['resourceVersion'] } : {}),
      ...(typeof grace === 'number' ? { gracePeriodSeconds: grace } : {}),
      ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    },
    context: { ...context, isDryRun },
  };
}
