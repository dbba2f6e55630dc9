"""Runs one query with the stock Python client and prints its rows as one JSON array.

Arguments: server URL, user, SQL; then optionally --cancel-after SECONDS (cursor.cancel() from another thread, as a notebook
does it), --header NAME=VALUE and --tell-wait (one more line on the error output: what it was told of its wait, as JSON). Says on
the error output that it is ready once the client is loaded, and connects when its input ends.
"""

import argparse
import json
import sys
import threading
from urllib.parse import urlparse

from trino.dbapi import connect

parser = argparse.ArgumentParser()
parser.add_argument("server")
parser.add_argument("user")
parser.add_argument("sql")
parser.add_argument("--cancel-after", type=float)
parser.add_argument("--header", default="")
parser.add_argument("--tell-wait", action="store_true")
arguments = parser.parse_args()
print("ready", file=sys.stderr, flush=True)
sys.stdin.read()

address = urlparse(arguments.server)
name, _, value = arguments.header.partition("=")
connection = connect(
    host=address.hostname,
    port=address.port,
    user=arguments.user,
    http_headers={name: value} if name else None,
)
positions = []
cursor = connection.cursor(
    stats_callback=lambda stats: positions.append(stats["queuedSplits"]) if stats["state"] == "QUEUED" else None
)
if arguments.cancel_after is not None:
    timer = threading.Timer(arguments.cancel_after, cursor.cancel)
    timer.daemon = True
    timer.start()
try:
    cursor.execute(arguments.sql)
    if arguments.tell_wait:
        told = {"positions": positions, "warnings": [warning["message"] for warning in cursor.warnings]}
        print(json.dumps(told), file=sys.stderr)
    print(json.dumps(cursor.fetchall(), default=str))
except Exception as error:  # the exit code and one line are what the caller looks at
    print(f"{type(error).__name__}: {error}", file=sys.stderr)
    sys.exit(1)
