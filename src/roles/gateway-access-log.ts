// The access log of a gateway: JSON lines on standard output, beside the log on standard error. Whoever reads them slowly slows nobody
// down: what does not fit is dropped, and /metrics says how much.
import { createAccessLog, type AccessLog } from '#gateway/records/access-log.ts';
import { createLog } from '#observe/log.ts';
import { createUnhurriedLines } from '#observe/unhurried-lines.ts';
import type { RoleProcess } from './role-process.ts';

export interface GatewayAccessLog {
  readonly accessLog: AccessLog;
  dropped(): number;
}

export function createGatewayAccessLog(what: 'statements' | 'all', { outLater }: Pick<RoleProcess, 'outLater'>): GatewayAccessLog {
  const lines = createUnhurriedLines({ out: outLater });
  const log = createLog({ level: 'info', format: 'json', fields: { component: 'gateway' }, write: lines.write });
  return { accessLog: createAccessLog({ what, write: (fields) => log.info('request', fields) }), dropped: () => lines.dropped };
}
