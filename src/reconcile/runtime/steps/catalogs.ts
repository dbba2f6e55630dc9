// Step 2: which catalogs the runtime gets, rendered. Owns condition CatalogsReady. A catalog that cannot be rendered is
// left out and named: it never takes the runtime down. Pure; throws nothing.
import { matchesLabels, requirementsOf } from '#core/selector.ts';
import type { Judgement } from '#apis/v1/conditions.ts';
import { trinoCatalogName } from '#apis/v1/names.ts';
import type { XTrinodeCatalog } from '#apis/v1/objects.ts';
import { builtInCatalog, findCatalogProblems } from '#trino/catalog-rules.ts';
import { renderCatalog, type RenderedCatalog } from '#trino/connectors.ts';
import type { RuntimeSnapshot } from '../../snapshot.ts';

export interface CatalogsResult {
  readonly catalogs: ReadonlyMap<string, RenderedCatalog>;
  readonly judgement: Judgement;
}

function selected(seen: RuntimeSnapshot): readonly XTrinodeCatalog[] {
  const selector = seen.runtime.spec.catalogSelector;
  if (selector === undefined) return [];
  const requirements = requirementsOf(selector as Parameters<typeof requirementsOf>[0]);
  return seen.catalogs
    .filter((catalog) => catalog.metadata.deletionTimestamp === undefined && matchesLabels(requirements, catalog.spec.labels))
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

export function chooseCatalogs(seen: RuntimeSnapshot): CatalogsResult {
  const catalogs = new Map<string, RenderedCatalog>();
  const problems: string[] = [];
  for (const catalog of selected(seen)) {
    const name = trinoCatalogName(catalog.metadata.name);
    const found = findCatalogProblems(name, catalog.spec.connector);
    if (found.length > 0) problems.push(`${catalog.metadata.name}: ${found.map(({ field, message }) => `${field} ${message}`).join('; ')}`);
    else if (catalogs.has(name)) problems.push(`${catalog.metadata.name}: another catalog is already named ${name} in Trino`);
    // Trino's own catalog needs no file, and refuses one.
    else if (catalog.spec.connector[builtInCatalog] === undefined) catalogs.set(name, renderCatalog(name, catalog.spec.connector));
  }
  const judgement: Judgement =
    problems.length > 0
      ? { type: 'CatalogsReady', status: 'False', reason: 'CatalogInvalid', message: `left out: ${problems.join(' | ')}` }
      : {
          type: 'CatalogsReady',
          status: 'True',
          reason: 'CatalogsDiscovered',
          message: catalogs.size === 0 ? 'no catalog is selected' : `catalogs: ${[...catalogs.keys()].join(', ')}`,
        };
  return { catalogs, judgement };
}
