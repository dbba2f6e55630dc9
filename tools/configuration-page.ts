// docs/configuration.md, from the tables of settings and of permissions. Pure.
import { flagOf, variableOf } from '../src/config/resolve.ts';
import { roleSettings } from '../src/config/roles.ts';
import { formatDefault, type Settings } from '../src/config/setting.ts';
import { permissions, roleNames, type Permission, type RoleName } from '../src/rbac/permissions.ts';

function escape(text: string): string {
  return text.replaceAll('|', '\\|');
}

function settingsTable(settings: Settings): string {
  const rows = Object.entries(settings).map(([key, setting]) => {
    const written = setting.isRequired ? 'needed' : (formatDefault(setting) ?? '');
    const meaning = escape(setting.doc);
    return `| \`${flagOf(key)}\` | \`${key}\` | ${written === '' ? '' : written === 'needed' ? written : `\`${written}\``} | ${meaning} |`;
  });
  return ['| Flag | In a file | Default | Meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function whereOf({ scope }: Permission): string {
  if (scope === 'cluster') return 'everywhere';
  return scope === 'served' ? 'served namespaces' : scope.namespace;
}

function permissionsTable(role: RoleName): string {
  const rows = permissions[role].map((permission) => {
    const { resource, subresource, verbs, names } = permission;
    const what = subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`;
    const only = names === undefined ? '' : ` (only \`${names.join('`, `')}\`)`;
    return `| ${whereOf(permission)} | \`${what}\`${only} | ${verbs.join(', ')} | ${escape(permission.why)} |`;
  });
  return ['| Where | What | May | Because it |', '|---|---|---|---|', ...rows].join('\n');
}

export function formatConfigurationPage(): string {
  const sections = Object.entries(roleSettings).map(
    ([role, settings]) => `## ${role}\n\nVariables begin with \`${variableOf(role, '')}\`.\n\n${settingsTable(settings)}`,
  );
  return `<!-- Made by npm run gen from src/config/roles.ts and src/rbac/permissions.ts: edit those. -->

# Settings and permissions of the roles

A setting is given as a flag, as an environment variable (\`--lease-duration\` of the operator is \`${variableOf('operator', 'leaseDuration')}\`) or in a YAML file named by
\`--config\` (\`leaseDuration: 15s\`). A flag goes before a variable, a variable before the file, the file before the default. What is unknown is refused by name.

${sections.join('\n\n')}

# Permissions

\`xtrinode rbac\` prints them as RBAC objects. A namespace is *served* when somebody gave it to XTrinode (\`--serve NAMESPACE\`); outside of those and of our own two no role reads a Secret. RBAC cannot narrow lists and
watches by label, so the operator can see all ConfigMaps, Services, Deployments, ServiceAccounts, Pods and Leases, and asks for those with its own labels.

${roleNames.map((role) => `## ${role}\n\n${permissionsTable(role)}`).join('\n\n')}
`;
}
