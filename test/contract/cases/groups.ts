// The whole contract, in the order of its reading.
import type { ContractGroup } from '../contract-case.ts';
import { applying } from './applying.ts';
import { creating } from './creating.ts';
import { customResources } from './custom-resources.ts';
import { deleting } from './deleting.ts';
import { leasing } from './leases.ts';
import { cascading } from './cascading.ts';
import { dryRuns } from './dry-runs.ts';
import { forgotten, history } from './history.ts';
import { requests } from './requests.ts';
import { leftOut } from './left-out.ts';
import { strategic } from './strategic.ts';
import { warnings } from './warnings.ts';
import { listing } from './listing.ts';
import { metadata } from './metadata.ts';
import { spaces } from './namespaces.ts';
import { patching } from './patching.ts';
import { subresources } from './subresources.ts';
import { tables } from './tables.ts';
import { watching } from './watching.ts';

export const groups: readonly ContractGroup[] = [
  creating,
  metadata,
  listing,
  patching,
  subresources,
  customResources,
  applying,
  strategic,
  dryRuns,
  deleting,
  cascading,
  watching,
  history,
  warnings,
  spaces,
  leasing,
  tables,
  requests,
  leftOut,
  forgotten,
];
