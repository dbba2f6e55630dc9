// A JSON value as Go prints it (%v), for the words of refusals. Pure.
import { isJsonObject } from './json-values.ts';

export function goText(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(goText).join(' ')}]`;
  }
  if (isJsonObject(value)) {
    const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return `map[${members.map(([name, member]) => `${name}:${goText(member)}`).join(' ')}]`;
  }
  return value === null ? '<nil>' : typeof value === 'string' ? value : JSON.stringify(value);
}
