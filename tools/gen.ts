// Writes the generated files (CRDs, the page of settings and permissions). `--check` compares instead and fails when a file is not what its source makes.
import { mkdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { formatConfigurationPage } from './configuration-page.ts';
import { xtrinodeCatalogCrd, xtrinodeCrd } from '../src/apis/crd.ts';

const root = join(import.meta.dirname, '..');
const files: Readonly<Record<string, string>> = {
  'src/apis/generated/xtrinode.crd.json': `${JSON.stringify(xtrinodeCrd(), null, 2)}\n`,
  'src/apis/generated/xtrinodecatalog.crd.json': `${JSON.stringify(xtrinodeCatalogCrd(), null, 2)}\n`,
  'docs/configuration.md': formatConfigurationPage(),
};

const isCheck = process.argv.includes('--check');
let stale = 0;
for (const [name, content] of Object.entries(files)) {
  const path = join(root, name);
  if (isCheck) {
    if (existsSync(path) && readFileSync(path, 'utf8') === content) continue;
    stale += 1;
    process.stderr.write(`${name} is not what its source makes: run npm run gen and commit the result\n`);
  } else {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    process.stdout.write(`wrote ${name}\n`);
  }
}
process.exitCode = stale > 0 ? 1 : 0;
