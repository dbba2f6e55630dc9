// The capability in a held statement's URIs: a keyed hash over id and token, as Trino's own slugs are. Shell (crypto).
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export interface Slugs {
  slugOf(id: string, token: number): string;
  isValid(id: string, token: number, slug: string): boolean;
}

export function createSlugs(): Slugs {
  const key = randomBytes(32);
  const slugOf = (id: string, token: number): string => `x${createHmac('sha256', key).update(`${id}/${token}`).digest('hex').slice(0, 40)}`;
  return {
    slugOf,
    isValid(id, token, slug) {
      const expected = Buffer.from(slugOf(id, token));
      const given = Buffer.from(slug);
      return expected.length === given.length && timingSafeEqual(expected, given);
    },
  };
}
