// What a person sees of `up`: a progress bar while Trino is fetched, a few lines when all is ready, then one line whenever a
// runtime changes its phase. Everything else goes to the log file.
import type { XTrinode } from '#apis/v1/objects.ts';
import type { InstallProgress } from '#node/trino/installation.ts';
import type { UpJson } from './up-home.ts';

export interface Screen {
  progress(progress: InstallProgress): void;
  /** `directory`: where `up` lives, if it is not where the other verbs look by themselves. */
  ready(state: UpJson, logFile: string, hasQuickstart: boolean, directory: string | undefined): void;
  phase(before: XTrinode | undefined, after: XTrinode | undefined): void;
  line(text: string): void;
}

const barWidth = 28;

/** Pure. */
export function formatBar({ step, done, total, bytes }: InstallProgress): string {
  const share = total === 0 ? 0 : Math.min(1, done / total);
  const filled = Math.round(share * barWidth);
  const megabytes = bytes === undefined || bytes === 0 ? '' : `  ${(bytes / 1_000_000).toFixed(0)} MB`;
  return `${step.padEnd(22)} [${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}] ${done}/${total === 0 ? '?' : total}${megabytes}`;
}

function clockTime(nowMs: number): string {
  return new Date(nowMs).toTimeString().slice(0, 8);
}

export function createScreen(write: (text: string) => void, isInteractive: boolean, now: () => number): Screen {
  let isBarOpen = false;
  let lastStep = '';

  function line(text: string): void {
    write(`${isBarOpen ? '\n' : ''}${text}\n`);
    isBarOpen = false;
  }

  return {
    line,
    progress(progress) {
      if (isInteractive) {
        write(`\r\u001b[2K${formatBar(progress)}`);
        isBarOpen = progress.total === 0 || progress.done < progress.total;
        if (!isBarOpen) write('\n');
        return;
      }
      // A log gets one line per step, not one per file.
      if (progress.step !== lastStep) line(`fetching ${progress.step} (${progress.total} files) ...`);
      lastStep = progress.step;
    },
    ready({ gatewayUrl, apiServerUrl, kubeconfigPath }, logFile, hasQuickstart, directory) {
      const home = directory === undefined ? '' : ` --home ${directory}`;
      const { host } = new URL(gatewayUrl);
      line(`
XTrinode is up.

  Trino clients  ${gatewayUrl}   (any stock client: CLI, JDBC, Python, dbt; the Trino UI in a browser)
  kubectl        kubectl --kubeconfig ${kubeconfigPath} get tn
  API server     ${apiServerUrl}
  log            ${logFile}
${
  hasQuickstart
    ? `
Runtime quickstart sleeps; its first query wakes it (some 15 seconds), and just waits:

  trino --server ${host} --execute "SELECT count(*) FROM tpch.tiny.lineitem"
  npx xtrinode query${home} "SELECT count(*) FROM tpch.tiny.lineitem"
  npx xtrinode why${home} quickstart
`
    : ''
}
Ctrl-C stops everything; what you applied is kept.
`);
    },
    phase(before, after) {
      const [was, is] = [before?.status?.phase, after?.status?.phase];
      const { namespace, name } = (after ?? before)?.metadata ?? { name: '' };
      if (after === undefined) line(`${clockTime(now())}  ${namespace}/${name}: deleted`);
      else if (was !== is && is !== undefined && before !== undefined) {
        const ready = after.status?.conditions?.find(({ type }) => type === 'Ready');
        const reason = is === 'Ready' ? 'queries run' : ((is === 'Error' ? ready?.message : after.status?.lifecycle?.message) ?? '');
        line(`${clockTime(now())}  ${namespace}/${name}: ${is}${reason === '' ? '' : ` (${reason})`}`);
      }
    },
  };
}
