// The little of `kubectl get pods -o json` that the tests read.
import type { Pod } from '#core/objects.ts';

export interface PodList {
  readonly items: readonly Pod[];
}
