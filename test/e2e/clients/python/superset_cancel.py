"""Runs one query with the stock Python client and cancels it as Superset does: the id that the client had first, and a call of
kill_query on another connection.

Arguments: server URL, user, SQL, and the state in which it is to be cancelled (QUEUED: while it is held). Prints what the call
gave and the error that the query ended with, as one JSON object.
"""

import json
import sys
import threading
import time
from urllib.parse import urlparse

from trino.dbapi import connect

server, user, sql, state = sys.argv[1:]
address = urlparse(server)


def cursor_of_its_own():
    return connect(host=address.hostname, port=address.port, user=user).cursor()


ended = []
cursor = cursor_of_its_own()


def run():
    try:
        cursor.execute(sql)
        ended.append({"rows": cursor.fetchall()})
    except Exception as error:  # what the caller looks at
        ended.append({"error": getattr(error, "error_name", type(error).__name__), "message": str(error)})


thread = threading.Thread(target=run, daemon=True)
thread.start()
while not ended and (cursor.stats or {}).get("state") != state:
    time.sleep(0.1)
first_id = cursor.stats["queryId"]
killer = cursor_of_its_own()
killer.execute(f"CALL system.runtime.kill_query(query_id => '{first_id}', message => 'Superset')")
called = killer.fetchall()
thread.join(60)
print(json.dumps({"id": first_id, "called": called, **(ended[0] if ended else {"error": "still running"})}, default=str))
