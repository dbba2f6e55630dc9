// A program for supervised-processes.test.ts: starts one supervised process and waits to be killed.
// Arguments: directory, patience (ms), then the command.
import { join } from 'node:path';
import { silentLog } from '#observe/log.ts';
import { createSupervisedProcesses } from '#node/supervised-processes.ts';

const [directory = '', patience = '', command = '', ...args] = process.argv.slice(2);
const processes = createSupervisedProcesses({ log: silentLog, logFile: join(directory, 'supervisor.log'), patienceMs: Number(patience) });
processes.start({
  command,
  args,
  env: {},
  workingDirectory: directory,
  logFile: join(directory, 'child.log'),
  pidFile: join(directory, 'child.json'),
});
