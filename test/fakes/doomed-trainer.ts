// A program for aot-cache.test.ts: trains until it is killed. Argument: the installation as JSON.
import type { TrinoInstallation } from '#node/trino/installation.ts';
import { ensureAotCache } from '#node/trino/aot-cache.ts';
import { silentLog } from '#observe/log.ts';
import { hastyClock } from './hasty-clock.ts';

const installation = JSON.parse(process.argv[2] ?? '') as TrinoInstallation;
await ensureAotCache({ installation, clock: hastyClock, log: silentLog, signal: new AbortController().signal });
