// A Trino installation whose `java` is a small program that does what a training run sees of the real one: starts (or never
// does, and does not heed SIGTERM either), answers statements, and writes the ahead-of-time cache on its way out.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrinoInstallation } from '#node/trino/installation.ts';

function javaProgram(isStarting: boolean, also: string): string {
  return `#!${process.execPath}
const { createServer } = require('node:http');
const { writeFileSync } = require('node:fs');
const argument = (start) => process.argv.find((each) => each.startsWith(start)).slice(start.length);
createServer((request, response) => {
  response.end(JSON.stringify(request.url === '/v1/info' ? { starting: ${isStarting} } : { id: 'a', data: [] }));
}).listen(8080, argument('-Dnode.bind-ip='));
process.on('SIGTERM', () => {
  if (${isStarting}) return;
  writeFileSync(argument('-XX:AOTCacheOutput='), 'classes');
  process.exit();
});
${also}
`;
}

/** In `directory`, whose `cache` folder gets the ahead-of-time cache. `also` is JavaScript that the program runs at its start. */
export async function createTrainableTrino(
  directory: string,
  { isStarting = false, also = '' }: { readonly isStarting?: boolean; readonly also?: string } = {},
): Promise<TrinoInstallation> {
  for (const each of ['bin', 'cache', 'plugin/tpch']) await mkdir(join(directory, each), { recursive: true });
  const java = join(directory, 'bin', 'java');
  await writeFile(java, javaProgram(isStarting, also));
  await chmod(java, 0o755);
  return {
    version: '483',
    javaHome: directory,
    directory,
    libDirectory: join(directory, 'lib'),
    pluginDirectory: join(directory, 'plugin'),
    launcherJar: join(directory, 'launcher.jar'),
    launcherArguments: ['server', '483'],
    origin: 'maven',
    aotCacheFile: join(directory, 'cache', 'trino-483-java-25-abc.aot'),
  };
}
