// Who may import whom (the table is the documentation), no cycles, sizes. A small scanner over import lines, no parser.
import { readFileSync, globSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Folder below src -> folders (or files) below src that its files may import, beside themselves and core. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  apis: [],
  trino: [],
  render: ['apis', 'trino'],
  'reconcile/steps': ['apis', 'render', 'trino', 'reconcile/plan.ts', 'reconcile/snapshot.ts', 'reconcile/runtime/claims.ts'],
  reconcile: [
    'reconcile',
    'apis',
    'render',
    'trino',
    'kube/port.ts',
    'kube/errors.ts',
    'kube/resources.ts',
    'kube/cache',
    'kube/control',
    'observe',
  ],
  certificates: [],
  admission: [
    'apis',
    'trino',
    'render',
    'certificates',
    'kube/port.ts',
    'kube/errors.ts',
    'kube/resources.ts',
    'kube/cache',
    'kube/control',
    'observe',
  ],
  kube: ['observe'],
  embedded: [
    'kube/port.ts',
    'kube/errors.ts',
    'kube/resources.ts',
    'kube/names.ts',
    'kube/cache',
    'kube/control',
    'apis/structural.ts',
    'certificates',
    'observe',
  ],
  node: ['kube/port.ts', 'kube/errors.ts', 'kube/resources.ts', 'kube/names.ts', 'kube/cache', 'kube/control', 'trino', 'observe'],
  gateway: ['apis', 'trino/protocol', 'kube/port.ts', 'kube/resources.ts', 'kube/cache', 'kube/names.ts', 'observe'],
  'api-server': ['apis', 'trino', 'render', 'kube/port.ts', 'kube/errors.ts', 'kube/resources.ts', 'kube/cache', 'observe'],
  observe: [],
  config: [],
  rbac: ['apis', 'admission/registration.ts', 'admission/secret-access.ts', 'kube/port.ts', 'kube/resources.ts'],
  cli: ['*'],
  roles: ['*'],
  'main.ts': ['*'],
};

/** Packages and node: modules by folder; what is not listed may not be imported. `node` stands for every node: module. */
const mayUse: Readonly<Record<string, readonly string[]>> = {
  core: [],
  apis: ['zod'],
  trino: [],
  render: [],
  'reconcile/steps': [],
  reconcile: ['node'],
  certificates: ['node'],
  admission: ['node'],
  kube: ['node', 'undici', 'js-yaml'],
  embedded: ['node', 'js-yaml', '@marcbachmann/cel-js'],
  node: ['node'],
  gateway: ['node'],
  'api-server': ['fastify'],
  observe: ['node', 'pino', 'prom-client'],
  config: [],
  rbac: [],
  cli: ['node', 'commander', 'js-yaml', 'undici'],
  roles: ['node', 'js-yaml'],
  'main.ts': [],
};

const warnLines = 350;
const failLines = 600;

function folderOf(path: string): string {
  if (path.startsWith('reconcile/') && path.includes('/steps/')) return 'reconcile/steps';
  return path.split('/')[0] as string;
}

/** Module specifiers of a file. Type-only imports count for the table, not for cycles. */
function importsOf(text: string): { readonly specifier: string; readonly isTypeOnly: boolean }[] {
  const found: { specifier: string; isTypeOnly: boolean }[] = [];
  for (const match of text.matchAll(/^\s*(?:import|export)\s+(type\s+)?(?:[^'"();]*?\s+from\s+)?['"]([^'"]+)['"]/gm)) {
    found.push({ specifier: match[2] as string, isTypeOnly: match[1] !== undefined });
  }
  for (const match of text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)) found.push({ specifier: match[1] as string, isTypeOnly: true });
  return found;
}

function resolveSpecifier(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return specifier.slice(1);
  return specifier.startsWith('.') ? normalize(join(dirname(from), specifier)) : undefined;
}

function isAllowed(folder: string, target: string): boolean {
  if (folderOf(target) === folder || target.startsWith('core/')) return true;
  if (target === 'main.ts' || (target.startsWith('roles/') && folder !== 'main.ts' && folder !== 'cli')) return false;
  return (mayImport[folder] ?? []).some((allowed) => allowed === '*' || target === allowed || target.startsWith(`${allowed}/`));
}

function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return 'node';
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next, [...path, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const cycle = visit(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

const problems: string[] = [];
const warnings: string[] = [];
const graph = new Map<string, string[]>();
const files = globSync('src/**/*.ts', { cwd: root })
  .map((path) => relative('src', path))
  .sort();

for (const file of files) {
  const isTest = file.endsWith('.test.ts');
  const text = readFileSync(join(root, 'src', file), 'utf8');
  const folder = folderOf(file);
  const lines = text.split('\n').length;
  if (!isTest && lines > failLines) problems.push(`src/${file} has ${lines} lines: split it (more than ${failLines})`);
  else if (!isTest && lines > warnLines) warnings.push(`src/${file} has ${lines} lines: is it one thing?`);
  if (/(^|\/)(utils?|helpers?|common|misc|types)(\/|\.ts$)/.test(file)) problems.push(`src/${file}: the name promises nothing`);
  if (isTest) continue;
  const edges: string[] = [];
  for (const { specifier, isTypeOnly } of importsOf(text)) {
    const target = resolveSpecifier(file, specifier);
    if (target === undefined) {
      if (!(mayUse[folder] ?? []).includes(packageOf(specifier)))
        problems.push(`src/${file} imports ${specifier}: ${folder} may use ${(mayUse[folder] ?? []).join(', ') || 'no package'}`);
      continue;
    }
    if (!isAllowed(folder, target))
      problems.push(`src/${file} imports ${target}: ${folder} may import ${(mayImport[folder] ?? []).join(', ') || 'core only'}`);
    if (!isTypeOnly) edges.push(target);
  }
  graph.set(file, edges);
}
const cycle = findCycle(graph);
if (cycle !== undefined) problems.push(`import cycle: ${cycle.join(' -> ')}`);

for (const warning of warnings) process.stdout.write(`warning: ${warning}\n`);
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(`imports: ${files.length} files, ${problems.length} problems\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
