// The messages between the process node and its supervisor, over Node's IPC channel. Types only.

export interface StartMessage {
  readonly type: 'start';
  readonly id: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly logFile: string;
  /** Where the identity of the process is written, for a later run to clean up. */
  readonly pidFile: string;
}

export interface SignalMessage {
  readonly type: 'signal';
  readonly id: string;
  readonly signal: 'SIGTERM' | 'SIGKILL';
}

export type ToSupervisor = StartMessage | SignalMessage;

export interface StartedMessage {
  readonly type: 'started';
  readonly id: string;
  readonly pid: number;
  readonly startTime: number;
}

export interface ExitedMessage {
  readonly type: 'exited';
  readonly id: string;
  /** 128 + signal for a killed process, as a shell counts. */
  readonly exitCode: number;
  readonly signal?: string;
  /** The process never ran. */
  readonly startError?: string;
}

export type FromSupervisor = StartedMessage | ExitedMessage;
