// The few Kubernetes objects that kubectl insists on sending as protobuf (`create namespace|configmap|secret generic|
// serviceaccount`, `auth`, delete options), decoded by tables of field numbers. Anything else is refused, never cut.
// Source: generated.proto of k8s.io/api and apimachinery; the numbers are part of the API and never change.
import { unsupportedMediaType } from './refusals.ts';
import { asText, setMember } from './json-values.ts';
import type { JsonObject } from './json-values.ts';

type FieldType =
  | 'string'
  | 'bytes'
  | 'bool'
  | 'int'
  /** Nought where nothing was said. */
  | 'count'
  | 'texts'
  | 'blobs'
  | { readonly message: Message }
  | { readonly list: 'string' | Message };
/** Field number -> name and type; `texts` and `blobs` are maps from text. */
type Message = Readonly<Record<number, readonly [name: string, type: FieldType]>>;

const ANY: Message = {};
const OWNER: Message = {
  1: ['kind', 'string'],
  3: ['name', 'string'],
  4: ['uid', 'string'],
  5: ['apiVersion', 'string'],
  6: ['controller', 'bool'],
  7: ['blockOwnerDeletion', 'bool'],
};
const METADATA: Message = {
  1: ['name', 'string'],
  2: ['generateName', 'string'],
  3: ['namespace', 'string'],
  4: ['selfLink', 'string'],
  5: ['uid', 'string'],
  6: ['resourceVersion', 'string'],
  7: ['generation', 'count'],
  8: ['creationTimestamp', { message: ANY }],
  11: ['labels', 'texts'],
  12: ['annotations', 'texts'],
  13: ['ownerReferences', { list: OWNER }],
  14: ['finalizers', { list: 'string' }],
};
const metadata: Message[number] = ['metadata', { message: METADATA }];
const NAME: Message = { 1: ['name', 'string'] };

const KINDS: Readonly<Record<string, Message>> = {
  Namespace: {
    1: metadata,
    2: ['spec', { message: { 1: ['finalizers', { list: 'string' }] } }],
    3: ['status', { message: { 1: ['phase', 'string'] } }],
  },
  ConfigMap: { 1: metadata, 2: ['data', 'texts'], 3: ['binaryData', 'blobs'], 4: ['immutable', 'bool'] },
  Secret: { 1: metadata, 2: ['data', 'blobs'], 3: ['type', 'string'], 4: ['stringData', 'texts'], 5: ['immutable', 'bool'] },
  ServiceAccount: { 1: metadata, 3: ['imagePullSecrets', { list: NAME }], 4: ['automountServiceAccountToken', 'bool'] },
  SelfSubjectReview: { 1: metadata, 2: ['status', { message: { 1: ['userInfo', { message: ANY }] } }] },
  SelfSubjectRulesReview: {
    1: metadata,
    2: ['spec', { message: { 1: ['namespace', 'string'] } }],
    3: ['status', { message: { 3: ['incomplete', 'bool'], 4: ['evaluationError', 'string'] } }],
  },
  SelfSubjectAccessReview: {
    1: metadata,
    2: [
      'spec',
      {
        message: {
          1: [
            'resourceAttributes',
            {
              message: {
                1: ['namespace', 'string'],
                2: ['verb', 'string'],
                3: ['group', 'string'],
                4: ['version', 'string'],
                5: ['resource', 'string'],
                6: ['subresource', 'string'],
                7: ['name', 'string'],
              },
            },
          ],
          2: ['nonResourceAttributes', { message: { 1: ['path', 'string'], 2: ['verb', 'string'] } }],
        },
      },
    ],
    3: [
      'status',
      { message: { 1: ['allowed', 'bool'], 2: ['reason', 'string'], 3: ['evaluationError', 'string'], 4: ['denied', 'bool'] } },
    ],
  },
  DeleteOptions: {
    1: ['gracePeriodSeconds', 'int'],
    2: ['preconditions', { message: { 1: ['uid', 'string'], 2: ['resourceVersion', 'string'] } }],
    3: ['orphanDependents', 'bool'],
    4: ['propagationPolicy', 'string'],
    5: ['dryRun', { list: 'string' }],
  },
};

const MAGIC = Buffer.from('k8s\0');
const ENVELOPE: Message = {
  1: ['typeMeta', { message: { 1: ['apiVersion', 'string'], 2: ['kind', 'string'] } }],
  2: ['raw', 'bytes'],
  3: ['contentEncoding', 'string'],
  4: ['contentType', 'string'],
};

/** The object in a protobuf body. Throws 415 when it is of a kind, or has a field, that is not in the tables. */
export function decodeProtobuf(body: Buffer): JsonObject {
  if (!body.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw refusal('it is not a Kubernetes object');
  }
  const { typeMeta, raw } = decode(ENVELOPE, body.subarray(MAGIC.length), 'envelope') as {
    typeMeta?: { apiVersion?: string; kind?: string };
    raw?: string;
  };
  const kind = typeMeta?.kind ?? '';
  const message = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (message === undefined) {
    throw refusal(`this server reads ${kind === '' ? 'such objects' : kind} as JSON or YAML only`);
  }
  const object = decode(message, Buffer.from(raw ?? '', 'base64'), kind);
  return kind === 'DeleteOptions' ? object : { apiVersion: typeMeta?.apiVersion, kind, ...object };
}

function refusal(why: string): Error {
  const advice = 'with kubectl, make a file of it: --dry-run=client -o yaml | kubectl create -f -';
  return unsupportedMediaType(`the body of the request is protobuf and cannot be read: ${why}; ${advice}`);
}

function decode(message: Message, bytes: Buffer, where: string): JsonObject {
  const object: JsonObject = {};
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) {
        throw refusal('it ends too early');
      }
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        return value;
      }
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const field = message[tag >>> 3];
    let value: Buffer | number;
    if ((tag & 7) === 0) {
      value = varint();
    } else if ((tag & 7) === 2) {
      const size = varint();
      value = bytes.subarray(at, at + size);
      at += size;
    } else {
      throw refusal(`${where} has a field of an unknown wire type`);
    }
    if (field === undefined) {
      throw refusal(`field ${tag >>> 3} of ${where} is not known here`);
    }
    put(object, field, value, `${where}.${field[0]}`);
  }
  return object;
}

function put(object: JsonObject, [name, type]: readonly [string, FieldType], value: Buffer | number, where: string): void {
  if (typeof value === 'number') {
    if (type !== 'count' || value !== 0) {
      object[name] = type === 'bool' ? value !== 0 : value;
    }
  } else if (type === 'string') {
    // Go writes empty strings for what was not set.
    if (value.length > 0) {
      object[name] = value.toString('utf8');
    }
  } else if (type === 'bytes') {
    object[name] = value.toString('base64');
  } else if (type === 'texts' || type === 'blobs') {
    const entry = decode({ 1: ['key', 'string'], 2: ['value', type === 'texts' ? 'string' : 'bytes'] }, value, where);
    const map = (object[name] ?? {}) as JsonObject;
    setMember(map, asText(entry['key']), entry['value'] ?? '');
    object[name] = map;
  } else if (typeof type === 'object' && 'list' in type) {
    const items = (object[name] ?? []) as unknown[];
    items.push(type.list === 'string' ? value.toString('utf8') : decode(type.list, value, where));
    object[name] = items;
  } else if (typeof type === 'object') {
    // Empty messages stand for absent structs: a zero time, an empty status.
    if (value.length > 0 && type.message !== ANY) {
      object[name] = decode(type.message, value, where);
    }
  }
}
