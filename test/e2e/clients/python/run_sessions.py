"""Runs sessions of the stock Python client at the same time, each a list of steps one after the other.

Arguments: dbapi or sqlalchemy, server URL, user, password and a PEM file of certificates to trust (both may be empty). Input:
lines of session, kind and text, between tabs; it connects when the input ends. Prints one JSON object per step.
"""

import hashlib
import json
import sys
import threading
from urllib.parse import urlparse

style, server, user, password, trusted = sys.argv[1:]
address = urlparse(server)
if style == "sqlalchemy":
    from sqlalchemy import create_engine, inspect, text as sql_text
    from sqlalchemy.engine import URL

    from trino.auth import BasicAuthentication
else:
    from trino.auth import BasicAuthentication
    from trino.dbapi import connect
    from trino.transaction import IsolationLevel

parameters = (7, "žluťoučký 🐎")
output = threading.Lock()
print("ready", file=sys.stderr, flush=True)

sessions = {}
for line in sys.stdin.read().splitlines():
    session, kind, text = line.split("\t")
    sessions.setdefault(int(session), []).append((kind, text))

options = {"http_scheme": address.scheme}
if password:
    options["auth"] = BasicAuthentication(user, password)
if trusted:
    options["verify"] = trusted


def digest_of(rows):
    digest = hashlib.sha256()
    count = 0
    for row in rows:
        digest.update(repr(tuple(row)).encode())
        count += 1
    return {"count": count, "digest": digest.hexdigest()}


class Driver:
    """The client itself: dbapi cursors on one connection."""

    def __init__(self):
        self.connection = connect(host=address.hostname, port=address.port, user=user, **options)
        self.transaction = None

    def cursor(self):
        return (self.transaction or self.connection).cursor()

    def query(self, text, is_digest, *arguments):
        cursor = self.cursor()
        cursor.execute(text, *arguments)
        columns = [column[0] for column in cursor.description or []]
        if is_digest:
            return {"columns": columns, **digest_of(iter(cursor.fetchone, None))}
        return {"columns": columns, "rows": [list(row) for row in cursor.fetchall()]}

    def prepared(self, text):
        return self.query(text, False, parameters)

    def cancel(self, text):
        cursor = self.cursor()
        cursor.execute(text)
        cursor.fetchone()
        cursor.cancel()
        return {"rows": []}

    def begin(self):
        self.transaction = connect(
            host=address.hostname,
            port=address.port,
            user=user,
            isolation_level=IsolationLevel.READ_COMMITTED,
            **options,
        )

    def commit(self):
        self.transaction.commit()
        self.transaction = None

    def rollback(self):
        self.transaction.rollback()
        self.transaction = None


class Engine:
    """SQLAlchemy above it, as Superset has it."""

    def __init__(self):
        url = URL.create("trino", username=user, host=address.hostname, port=address.port, database="memory")
        self.engine = create_engine(url, connect_args=options)
        self.connection = self.engine.connect()

    def query(self, text, is_digest, *arguments):
        result = self.connection.execute(sql_text(text), *arguments)
        columns = list(result.keys()) if result.returns_rows else []
        if is_digest:
            return {"columns": columns, **digest_of(result)}
        return {"columns": columns, "rows": [list(row) for row in result] if result.returns_rows else []}

    def prepared(self, text):
        named = text.replace("?", ":number", 1).replace("?", ":word", 1)
        return self.query(named, False, dict(zip(("number", "word"), parameters)))

    def cancel(self, text):
        result = self.connection.execution_options(stream_results=True).execute(sql_text(text))
        result.fetchone()
        result.cursor.cancel()
        return {"rows": []}

    def begin(self):
        self.connection.close()
        self.connection = self.engine.connect().execution_options(isolation_level="READ COMMITTED")

    def commit(self):
        self.connection.commit()
        self.end_transactions()

    def rollback(self):
        self.connection.rollback()
        self.end_transactions()

    def end_transactions(self):
        self.connection.close()
        self.connection = self.engine.connect()

    def metadata(self, schema):
        inspector = inspect(self.engine)
        return {
            "rows": [
                inspector.get_schema_names(),
                inspector.get_table_names(schema),
                [[column["name"], str(column["type"]), column["nullable"]] for table in inspector.get_table_names(schema)
                 for column in inspector.get_columns(table, schema)],
                [inspector.has_table("plain", schema), inspector.has_table("nowhere", schema)],
                inspector.get_view_names(schema),
            ]
        }


def run_step(session, kind, text):
    if kind in ("run", "digest"):
        return session.query(text, kind == "digest")
    if kind in ("prepared", "cancel", "metadata"):
        return getattr(session, kind)(text)
    getattr(session, kind)()
    return {"rows": []}


def run_session(number, steps):
    session = Engine() if style == "sqlalchemy" else Driver()
    for step, (kind, text) in enumerate(steps):
        try:
            answer = run_step(session, kind, text)
        except Exception as error:  # what the caller looks at
            answer = {"error": f"{type(error).__name__}: {error}"}
        with output:
            print(json.dumps({"session": number, "step": step, **answer}, default=str), flush=True)


threads = [threading.Thread(target=run_session, args=each) for each in sessions.items()]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
