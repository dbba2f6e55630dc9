// The programs that the tier with a real Kubernetes needs. Where they cannot be had, the tier cannot say anything: told loudly,
// and a failure where it counts (CI=true).
import { SetupError } from '#node/setup-error.ts';
import { cacheDirectory } from '#roles/local-node.ts';
import { ensurePrograms } from './programs.ts';

/** Builds what is missing. Ends the process with code 0 when that is impossible on somebody's own machine; throws under CI. */
export async function requireRealKubernetes(report: (line: string) => void): Promise<void> {
  const { env } = process;
  try {
    await ensurePrograms(['etcd', 'kube-apiserver', 'kubectl', 'kube-controller-manager', 'kube-scheduler'], {
      cacheDir: cacheDirectory(env),
      env,
      signal: new AbortController().signal,
      report,
    });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    const line = `TESTS ON A REAL KUBERNETES CANNOT RUN HERE: ${error.message}`;
    if (env['CI'] === 'true') throw new Error(line, { cause: error });
    process.stderr.write(`\n${line}\n\n`);
    process.exit(0);
  }
}
