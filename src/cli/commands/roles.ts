// The roles as processes of their own: xtrinode operator, api-server, gateway, node. One line each on standard output when it is ready.
import type { Command } from 'commander';
import {
  apiServerSettings,
  findGatewayProblem,
  findOperatorProblem,
  gatewaySettings,
  nodeSettings,
  operatorSettings,
} from '#config/roles.ts';
import type { CliIo } from '../io.ts';
import { addRole } from '../role-command.ts';

export function addRoles(program: Command, io: CliIo): void {
  addRole(program, io, {
    name: 'operator',
    description: 'run the operator: makes and mends what runtimes consist of, puts them to sleep and wakes them',
    settings: operatorSettings,
    findProblem: findOperatorProblem,
    // Loaded here: a role's parts cost what `--help` need not pay.
    run: async (config, io) => (await import('#roles/run-operator.ts')).runOperator(config, io),
  });
  addRole(program, io, {
    name: 'api-server',
    description: 'run the lifecycle API: resume, suspend, status, why, and the gateways’ demand',
    settings: apiServerSettings,
    run: async (config, io) => (await import('#roles/run-api-server.ts')).runApiServer(config, io),
  });
  addRole(program, io, {
    name: 'gateway',
    description: 'run the gateway: where Trino clients connect, and wait while a runtime wakes',
    settings: gatewaySettings,
    findProblem: findGatewayProblem,
    run: async (config, io) => (await import('#roles/run-gateway.ts')).runGateway(config, io),
  });
  addRole(program, io, {
    name: 'node',
    description: 'run a process node: a Node whose Pods are local processes',
    settings: nodeSettings,
    run: async (config, io) => (await import('#roles/run-node.ts')).runNode(config, io),
  });
}
