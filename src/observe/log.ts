// Log lines: JSON through pino for machines, one readable line for a terminal. Everything else takes the small Log
// interface, so that nothing but this file knows pino.
import pino from 'pino';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;
type LogMethod = (message: string, fields?: LogFields) => void;

export interface Log {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** 'json': one object per line with ts (RFC 3339), level, msg and the fields. 'pretty': text for a person. */
  readonly format: 'json' | 'pretty';
  /** Takes whole lines including the newline. Default: standard error, so that standard output stays the program's answer. */
  readonly write?: (line: string) => void;
  /** On every line, e.g. { component: 'operator' }. */
  readonly fields?: LogFields;
  /** Colours in pretty lines; default no. */
  readonly color?: boolean;
}

/** Throws nothing, neither now nor when a line is written. */
export function createLog(options: LogOptions): Log {
  const write = options.write ?? ((line: string): void => void process.stderr.write(line));
  const line = options.format === 'json' ? write : (json: string): void => write(formatPretty(json, options.color ?? false));
  const logger = pino(
    {
      level: options.level,
      base: { ...options.fields },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: line },
  );
  function method(level: LogLevel): LogMethod {
    return (message, fields) => {
      if (!logger.isLevelEnabled(level)) return;
      if (fields === undefined) logger[level](message);
      else logger[level](plainFields(fields), message);
    };
  }
  return { debug: method('debug'), info: method('info'), warn: method('warn'), error: method('error') };
}

/** The same log with `fields` on every line; fields of the call win. */
export function childLog(log: Log, fields: LogFields): Log {
  return {
    debug: (message, more) => log.debug(message, { ...fields, ...more }),
    info: (message, more) => log.info(message, { ...fields, ...more }),
    warn: (message, more) => log.warn(message, { ...fields, ...more }),
    error: (message, more) => log.error(message, { ...fields, ...more }),
  };
}

function nothing(): void {}

export const silentLog: Log = Object.freeze({ debug: nothing, info: nothing, warn: nothing, error: nothing });

/** JSON.stringify turns an Error into {} and throws on a bigint: both become something readable. */
function plainFields(fields: LogFields): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) plain[key] = plainValue(value);
  return plain;
}

function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  // Own fields (code, reason, syscall ...) say more than the message.
  return {
    ...Object.fromEntries(Object.entries(value)),
    name,
    message,
    stack,
    ...(cause === undefined ? {} : { cause: plainValue(cause) }),
  };
}

const levelColors: Readonly<Record<string, number>> = { debug: 90, info: 32, warn: 33, error: 31 };

/** '12:01:02.345 WARN  operator  message  key=value ...'. Pure. */
export function formatPretty(json: string, color: boolean): string {
  const { level, time, msg, component, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const paint = (code: number, text: string): string => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const name = paint(levelColors[String(level)] ?? 0, String(level).toUpperCase().padEnd(5));
  const at = paint(90, String(time).slice(11, 23));
  const from = typeof component === 'string' ? ` ${paint(36, component)}` : '';
  const rest = Object.entries(fields).map(([key, value]) => ` ${paint(90, `${key}=`)}${prettyValue(value)}`);
  return `${at} ${name}${from} ${String(msg)}${rest.join('')}\n`;
}

function prettyValue(value: unknown): string {
  if (typeof value === 'string') return /^[\w.:/@%+,-]+$/.test(value) ? value : JSON.stringify(value);
  if (typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string') {
    return JSON.stringify(value.message);
  }
  return JSON.stringify(value) ?? 'undefined';
}
