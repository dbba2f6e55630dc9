// Plain JSON values as the store keeps them: compare, copy, freeze. Pure; knows nothing of Kubernetes.

export type JsonObject = Record<string, unknown>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value when it is an object, else an empty one. */
export function asObject(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

export function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Deep equality; a key whose value is undefined counts as absent, because JSON cannot carry it. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) {
    return true;
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, at) => equalJson(item, b[at]));
  }
  if (isJsonObject(a) && isJsonObject(b)) {
    const other = b;
    for (const [key, value] of Object.entries(a)) {
      if (!equalJson(value, Object.hasOwn(other, key) ? other[key] : undefined)) {
        return false;
      }
    }
    const mine = a;
    return Object.keys(b).every((key) => b[key] === undefined || Object.hasOwn(mine, key));
  }
  return false;
}

/** A deep copy that may be changed; undefined members are dropped. */
export function copyJson<T>(value: T): T {
  if (Array.isArray(value)) {
    return value.map((item: unknown) => copyJson(item)) as T;
  }
  if (isJsonObject(value)) {
    const copy: JsonObject = {};
    for (const [key, member] of Object.entries(value)) {
      if (member !== undefined) {
        setMember(copy, key, copyJson(member));
      }
    }
    return copy as T;
  }
  return value;
}

/** Assignment that treats `__proto__` as an ordinary key. */
export function setMember(object: JsonObject, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[key] = value;
  }
}

export function freezeJson<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) {
      freezeJson(member);
    }
  }
  return value;
}

/** The value under a list of member names. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    at = isJsonObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  }
  return at;
}

/** Sets a value under a list of member names in a changeable object, making the objects on the way. */
export function setAt(object: JsonObject, path: readonly string[], value: unknown): void {
  const last = path.at(-1);
  if (last === undefined) {
    return;
  }
  let at = object;
  for (const name of path.slice(0, -1)) {
    const next = at[name];
    if (isJsonObject(next)) {
      at = next;
    } else {
      const made: JsonObject = {};
      setMember(at, name, made);
      at = made;
    }
  }
  setMember(at, last, value);
}
