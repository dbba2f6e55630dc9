// The whole contract, in the order of its reading.
import type { ContractGroup } from '../contract-case.ts';
import { applying } from './applying.ts';
import { creating } from './creating.ts';
import { customResources } from './custom-resources.ts';
import { deleting } from './deleting.ts';
import { listing } from './listing.ts';
import { patching } from './patching.ts';
import { subresources } from './subresources.ts';
import { watching } from './watching.ts';

export const groups: readonly ContractGroup[] = [creating, listing, patching, subresources, customResources, applying, deleting, watching];
