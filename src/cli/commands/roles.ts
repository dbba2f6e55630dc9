// The roles as processes of their own: xtrinode operator, api-server, node. One line each on standard output when it is ready.
import type { Command } from 'commander';
import { apiServerSettings } from '#config/roles.ts';
import type { CliIo } from '../io.ts';
import { addRole } from '../role-command.ts';

export function addRoles(program: Command, io: CliIo): void {
  addRole(program, io, {
    name: 'api-server',
    description: 'run the lifecycle API: resume, suspend, status, why, and the gateways’ demand',
    settings: apiServerSettings,
    // Loaded here: a role's parts cost what `--help` need not pay.
    run: async (config, io) => (await import('#roles/run-api-server.ts')).runApiServer(config, io),
  });
}
