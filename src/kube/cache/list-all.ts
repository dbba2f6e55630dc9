// All pages of a list as one answer. The server's memory of a paged list is short: when it has forgotten it between two pages
// (410), the list begins again, once.
import type { KubeObject } from '#core/objects.ts';
import { isKubeError } from '../errors.ts';
import type { CallOptions, KubeApi, ObjectList, Resource, Where } from '../port.ts';

export interface WholeList<T> {
  /** Of the whole: a watch may go on from here. */
  readonly resourceVersion: string;
  readonly items: readonly T[];
}

/** client-go's page: a few MB of Pods. */
const pageSize = 500;

/**
 * What it returns is complete. `timeoutMs` counts per page. `admit` sees each object as it comes, so that what it drops is
 * never held for the whole list. Throws KubeError.
 */
export async function listAll<T extends KubeObject>(
  api: KubeApi,
  resource: Resource,
  where: Where,
  options: CallOptions = {},
  admit: (object: T) => T = (object) => object,
): Promise<WholeList<T>> {
  for (let isSecondTry = false; ; isSecondTry = true) {
    const items: T[] = [];
    let next: string | undefined;
    try {
      for (;;) {
        const paging = next === undefined ? { limit: pageSize } : { limit: pageSize, continue: next };
        const page: ObjectList<T> = await api.list<T>(resource, { ...where, ...paging }, options);
        for (const item of page.items) items.push(admit(item));
        next = page.metadata.continue;
        if (next === undefined || next === '') return { resourceVersion: page.metadata.resourceVersion, items };
      }
    } catch (error) {
      const isForgotten = next !== undefined && isKubeError(error, 'Gone', 'Expired');
      if (!isForgotten || isSecondTry) throw error;
    }
  }
}
