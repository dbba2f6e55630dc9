// Who may use which runtime, as rules: what is not allowed by one is not allowed. Pure.
import type { RouteEntry } from '#apis/v1/route-entry.ts';
import type { Identity } from './identity.ts';

export interface AccessRule {
  readonly users: readonly string[];
  readonly groups: readonly string[];
  /** `namespace/name`, where * stands for any part of either. */
  readonly runtimes: readonly string[];
}

const fields: readonly string[] = ['users', 'groups', 'runtimes'];

function parseRule(value: unknown, where: string): AccessRule | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return `${where} is no rule: users and groups, and the runtimes they may use`;
  const rule: Record<string, readonly string[]> = { users: [], groups: [], runtimes: [] };
  for (const [field, listed] of Object.entries(value)) {
    if (!fields.includes(field)) return `${where}: ${field} is not known; there are ${fields.join(', ')}`;
    if (!Array.isArray(listed) || !listed.every((one) => typeof one === 'string' && one !== ''))
      return `${where}: ${field} must be a list of names`;
    rule[field] = listed;
  }
  const { users = [], groups = [], runtimes = [] } = rule;
  if (users.length + groups.length === 0 || runtimes.length === 0) return `${where} needs users or groups, and runtimes`;
  const wrong = runtimes.find((one) => !/^[a-z0-9.*-]+\/[a-z0-9.*-]+$/.test(one));
  return wrong === undefined ? { users, groups, runtimes } : `${where}: runtime "${wrong}" is not of the form namespace/name`;
}

/** `value`: a list of rules. A string says everything that is wrong. */
export function parseAccessRules(value: unknown): readonly AccessRule[] | string {
  if (!Array.isArray(value) || value.length === 0) return 'it must be a list of rules, with one at least';
  const parsed = value.map((one, index) => parseRule(one, `rule ${index + 1}`));
  const problems = parsed.filter((one) => typeof one === 'string');
  return problems.length > 0 ? problems.join('; ') : parsed.filter((one) => typeof one !== 'string');
}

function fits(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}

function isFor(pattern: string, { namespace, name }: Pick<RouteEntry, 'namespace' | 'name'>): boolean {
  const [ofNamespace = '', ofName = ''] = pattern.split('/');
  return fits(ofNamespace, namespace) && fits(ofName, name);
}

/** User "*" is everybody who came in. Whom somebody acts for does not count, who came in does. */
export function mayUse(rules: readonly AccessRule[], { name, groups }: Identity, runtime: Pick<RouteEntry, 'namespace' | 'name'>): boolean {
  return rules.some(
    (rule) =>
      (rule.users.includes(name) || rule.users.includes('*') || rule.groups.some((group) => groups.includes(group))) &&
      rule.runtimes.some((pattern) => isFor(pattern, runtime)),
  );
}
