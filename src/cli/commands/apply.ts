// xtrinode apply -f FILE...: server-side apply of manifests, read as kubectl reads them.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { KubeApi } from '#kube/port.ts';
import { isKubeError } from '#kube/errors.ts';
import { addClusterOptions, withCluster } from '../connect.ts';
import type { ClusterOptions } from '../connect.ts';
import { formatFailure } from '../errors.ts';
import { CliError } from '../io.ts';
import type { CliIo } from '../io.ts';
import { displayName, inNamespace, parseManifests } from '../manifests.ts';
import type { Manifest } from '../manifests.ts';

interface ApplyOptions extends ClusterOptions {
  readonly filename: readonly string[];
  readonly forceConflicts?: boolean;
  readonly dryRun?: boolean;
  readonly fieldManager: string;
}

export function addApply(program: Command, io: CliIo): void {
  const command = program
    .command('apply')
    .description('create or change what the manifests describe (server-side apply)')
    .requiredOption('-f, --filename <file...>', 'YAML or JSON manifests; "-" reads standard input')
    .option('--force-conflicts', 'take over fields that somebody else set')
    .option('--dry-run', 'let the server check everything and change nothing')
    .option('--field-manager <name>', 'who owns the fields', 'xtrinode-cli');
  addClusterOptions(command).action((options: ApplyOptions) => apply(options, io));
}

async function apply(options: ApplyOptions, io: CliIo): Promise<void> {
  const manifests: Manifest[] = [];
  for (const file of options.filename)
    manifests.push(...parseManifests(await readManifest(file, io), file === '-' ? 'standard input' : file));
  if (manifests.length === 0) throw new CliError(`nothing to apply: ${options.filename.join(', ')} has no objects`);
  await withCluster(options, io, async ({ api, namespace }) => {
    let failures = 0;
    for (const manifest of manifests) {
      const object = inNamespace(manifest, namespace, options.namespace !== undefined);
      try {
        const outcome = await applyOne(api, { ...manifest, object }, options);
        io.out(`${displayName(manifest.resource, object.metadata.name)} ${outcome}${options.dryRun === true ? ' (dry run)' : ''}\n`);
      } catch (error) {
        if (!isKubeError(error) || error.code === 0) throw error;
        failures += 1;
        io.note(
          formatFailure(
            new CliError(`${manifest.source}: ${displayName(manifest.resource, object.metadata.name)}: ${refusal(error)}`),
            false,
          ).text,
        );
      }
    }
    if (failures > 0) throw new CliError(`${failures} of ${manifests.length} objects were not applied`);
  });
}

async function applyOne(
  api: KubeApi,
  { object, resource }: Manifest,
  options: ApplyOptions,
): Promise<'created' | 'configured' | 'unchanged'> {
  const before = await api.get(resource, object.metadata);
  const after = await api.apply(resource, object, {
    fieldManager: options.fieldManager,
    fieldValidation: 'Strict',
    ...(options.forceConflicts === true ? { force: true } : {}),
    ...(options.dryRun === true ? { dryRun: true } : {}),
  });
  if (before === undefined) return 'created';
  return before.metadata.resourceVersion === after.metadata.resourceVersion ? 'unchanged' : 'configured';
}

function refusal(error: Error & { readonly reason: string; readonly code: number }): string {
  const isConflict = error.code === 409 && error.reason === 'Conflict';
  const { text } = formatFailure(error, false);
  const said = text.replace(/^xtrinode: /, '').trimEnd();
  return isConflict ? `${said}\n  Leave those fields out, or take them over with --force-conflicts.` : said;
}

async function readManifest(file: string, io: CliIo): Promise<string> {
  if (file === '-') return io.readStdin();
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CliError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`, 1, error);
  }
}
