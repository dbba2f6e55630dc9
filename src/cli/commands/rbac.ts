// xtrinode rbac: what each role has to be allowed, as RBAC objects for kubectl, from the code's own table of what it calls.
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { roleNames, type RoleName } from '#rbac/permissions.ts';
import { everyNamespace, renderRbac } from '#rbac/render.ts';
import { formatObjects, outputFormats, type OutputFormat } from '../format-objects.ts';
import { CliError, type CliIo } from '../io.ts';

interface Flags {
  readonly role?: readonly RoleName[];
  readonly serve: readonly string[];
  readonly namespace?: string;
  readonly user?: string;
  readonly output: OutputFormat;
}

/** What a cluster with kubelets needs; the process node is for tests and single machines. */
const usualRoles: readonly RoleName[] = ['operator', 'api-server', 'gateway'];

export function addRbac(program: Command, io: CliIo): void {
  program
    .command('rbac')
    .description('print the permissions that the roles need, for kubectl apply --server-side -f -')
    .addOption(new Option('--role <role...>', `only these (default: ${usualRoles.join(', ')})`).choices(roleNames))
    .option('--serve <namespace...>', `namespaces with runtimes; '${everyNamespace}' for all, with every Secret in them`, namespaceName, [])
    .option('--namespace <name>', 'namespace of the ServiceAccounts (default: xtrinode-system, of the gateway xtrinode-gateway)')
    .option('--user <name>', 'bind this user of the cluster instead of a ServiceAccount; with one --role')
    .addOption(new Option('-o, --output <format>', 'format').choices(outputFormats).default('yaml'))
    .action(({ role: roles = usualRoles, serve, namespace, user, output }: Flags) => {
      if (user !== undefined && roles.length !== 1) throw new CliError('--user binds one role: name it with --role', 2);
      const options = { serve, ...(namespace === undefined ? {} : { namespace }), ...(user === undefined ? {} : { user }) };
      io.out(formatObjects(withoutRepetition(roles.flatMap((role) => renderRbac({ role, ...options }))), output));
      if (serve.length === 0 && roles.some((role) => role !== 'gateway')) io.note(nothingServed);
    });
}

const nothingServed = `No namespace is served yet: add --serve NAMESPACE for each one with runtimes, or --serve '${everyNamespace}' for all of them.\n`;

function namespaceName(value: string, before: readonly string[]): readonly string[] {
  if (value !== everyNamespace && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value)) {
    throw new InvalidArgumentError(`expected the name of a namespace, or '${everyNamespace}'.`);
  }
  return [...before, value];
}

/** Two roles may live in the same namespace. */
function withoutRepetition<T extends { readonly kind: string; readonly metadata: { readonly name: string; readonly namespace?: string } }>(
  objects: readonly T[],
): readonly T[] {
  const keyOf = ({ kind, metadata }: T): string => `${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
  return [...new Map(objects.map((object) => [keyOf(object), object])).values()];
}
