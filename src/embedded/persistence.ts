// Durable copy of the store in one SQLite file. A commit returns only when SQLite has it in its write-ahead log, so that a
// killed process loses no acknowledged write; nothing is written while nothing changes. It knows rows, not Kubernetes.
import { KubeError } from '#kube/errors.ts';

export interface Row {
  readonly type: string;
  readonly key: string;
  readonly body: string;
}

export interface RowChange {
  readonly type: string;
  readonly key: string;
  /** Absent means delete. */
  readonly body?: string;
}

export interface Persistence {
  readonly revision: number;
  /** Hands over everything stored, once. */
  takeRows(): readonly Row[];
  /** All or nothing. Throws KubeError 500 that names the file; then nothing is stored. */
  commit(changes: readonly RowChange[], revision: number): void;
  close(): void;
}

const FORMAT = 1;

/** `file` is a path, or ':memory:' for a store that forgets. Throws when another process has the file or it is not ours. */
export async function openPersistence(file: string): Promise<Persistence> {
  if (file === ':memory:') {
    return { revision: 0, takeRows: () => [], commit: () => undefined, close: () => undefined };
  }
  const { DatabaseSync } = await import('node:sqlite');
  const database = explaining(file, 'open', () => {
    const opened = new DatabaseSync(file);
    // Exclusive: two API servers on one file would each believe their own memory. It also spares the -shm file.
    opened.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;');
    opened.exec(`BEGIN IMMEDIATE;
      CREATE TABLE IF NOT EXISTS objects (type TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (type, key)) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
      INSERT OR IGNORE INTO counters VALUES ('revision', 0), ('format', ${FORMAT});
      COMMIT;`);
    return opened;
  });
  const counter = (name: string): number => Number(database.prepare('SELECT value FROM counters WHERE name = ?').get(name)?.['value'] ?? 0);
  if (counter('format') !== FORMAT) {
    database.close();
    throw new Error(`${file} was written by another version of the embedded API (format ${counter('format')}, this one reads ${FORMAT})`);
  }
  const put = database.prepare('INSERT INTO objects VALUES (?, ?, ?) ON CONFLICT (type, key) DO UPDATE SET body = excluded.body');
  const drop = database.prepare('DELETE FROM objects WHERE type = ? AND key = ?');
  const count = database.prepare("UPDATE counters SET value = ? WHERE name = 'revision'");
  return {
    revision: counter('revision'),
    takeRows: () =>
      database
        .prepare('SELECT type, key, body FROM objects')
        .all()
        .map((row) => ({ type: String(row['type']), key: String(row['key']), body: String(row['body']) })),
    commit(changes, revision) {
      explaining(file, 'write', () => {
        database.exec('BEGIN IMMEDIATE');
        try {
          for (const { type, key, body } of changes) {
            if (body === undefined) {
              drop.run(type, key);
            } else {
              put.run(type, key, body);
            }
          }
          count.run(revision);
          database.exec('COMMIT');
        } catch (error) {
          // A full disk may have ended the transaction already; a second ROLLBACK would hide the first error.
          if (database.isTransaction) {
            database.exec('ROLLBACK');
          }
          throw error;
        }
      });
    },
    close: () => database.close(),
  };
}

function explaining<T>(file: string, verb: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const advice = /full/i.test(why)
      ? 'free some space on that disk, then repeat; nothing was changed'
      : /locked|busy/i.test(why)
        ? 'another process uses this file; stop it or choose another directory'
        : 'check that the directory exists and is writable; nothing was changed';
    const message = `cannot ${verb} the API store ${file}: ${why}; ${advice}`;
    throw new KubeError({ code: 500, reason: 'InternalError', message, cause: error });
  }
}
