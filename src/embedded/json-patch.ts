// JSON patch, RFC 6902, on a copy of the target. Pure. Throws KubeError: 400 when the patch is not one, 422 when it cannot
// be applied (a failed test, a missing path), as a real API server answers.
import { KubeError } from '#kube/errors.ts';
import { copyJson, equalJson, isJsonObject, setMember } from './json-values.ts';
import { badRequest } from './refusals.ts';

/** Applies all operations in order, or throws and changes nothing. */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) {
    throw badRequest('a JSON patch must be a list of operations (RFC 6902)');
  }
  const box = { root: copyJson(target) };
  for (const operation of patch as unknown[]) {
    run(box, operation);
  }
  return box.root;
}

interface Box {
  root: unknown;
}

/** A real API server does not say which operation it was. */
function unprocessable(): KubeError {
  return new KubeError({ code: 422, reason: 'Invalid', message: 'the server rejected our request due to an error in our request' });
}

function run(box: Box, operation: unknown): void {
  if (!isJsonObject(operation) || typeof operation['op'] !== 'string' || typeof operation['path'] !== 'string') {
    throw badRequest('each operation of a JSON patch needs "op" and "path"');
  }
  const path = pointer(operation['path']);
  switch (operation['op']) {
    case 'add':
      add(box, path, copyJson(operation['value']));
      return;
    case 'remove':
      remove(box, path);
      return;
    case 'replace':
      read(box, path);
      if (path.length > 0) {
        remove(box, path);
      }
      add(box, path, copyJson(operation['value']));
      return;
    case 'move': {
      const from = pointer(String(operation['from']));
      const value = read(box, from);
      remove(box, from);
      add(box, path, value);
      return;
    }
    case 'copy':
      add(box, path, copyJson(read(box, pointer(String(operation['from'])))));
      return;
    case 'test':
      if (!equalJson(read(box, path), operation['value'])) {
        throw unprocessable();
      }
      return;
    default:
      throw badRequest(`unknown JSON patch operation "${operation['op']}"`);
  }
}

function pointer(text: string): string[] {
  if (text === '') {
    return [];
  }
  if (!text.startsWith('/')) {
    throw badRequest(`"${text}" is not a JSON pointer`);
  }
  return text
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(box: Box, path: readonly string[]): unknown {
  let at: unknown = box.root;
  for (const name of path) {
    if (Array.isArray(at) && /^\d+$/.test(name) && Number(name) < at.length) {
      at = (at as unknown[])[Number(name)];
    } else if (isJsonObject(at) && Object.hasOwn(at, name)) {
      at = at[name];
    } else {
      throw unprocessable();
    }
  }
  return at;
}

function add(box: Box, path: readonly string[], value: unknown): void {
  const name = path.at(-1);
  if (name === undefined) {
    box.root = value;
    return;
  }
  const parent = read(box, path.slice(0, -1));
  if (Array.isArray(parent)) {
    const at = name === '-' ? parent.length : Number(name);
    if (!/^(\d+|-)$/.test(name) || at > parent.length) {
      throw unprocessable();
    }
    parent.splice(at, 0, value);
  } else if (isJsonObject(parent)) {
    setMember(parent, name, value);
  } else {
    throw unprocessable();
  }
}

function remove(box: Box, path: readonly string[]): void {
  read(box, path);
  const name = path.at(-1);
  if (name === undefined) {
    throw unprocessable();
  }
  const parent = read(box, path.slice(0, -1));
  if (Array.isArray(parent)) {
    parent.splice(Number(name), 1);
  } else if (isJsonObject(parent)) {
    delete parent[name];
  }
}
