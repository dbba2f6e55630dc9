"""Logs in with the stock Python client and Trino's OAuth2 flow, runs one query and prints its rows as one JSON array.

Arguments: server URL (https), file with the authority of its certificate, SQL, then optionally NAME=VALUE of a header. A browser of its
own follows the address that the client would show: another session, without the client's headers.
"""

import json
import sys
import threading
from urllib.parse import urlparse

import requests
from trino.auth import OAuth2Authentication
from trino.dbapi import connect

server, authority, sql, *headers = sys.argv[1:]
legs = []




def browse(url):
    def go():
        answer = requests.Session().get(url, verify=authority)
        legs.extend(str(one.status_code) + " " + one.url.split("?")[0] for one in [*answer.history, answer])

    threading.Thread(target=go).start()


address = urlparse(server)
connection = connect(
    host=address.hostname,
    port=address.port,
    http_scheme="https",
    verify=authority,
    http_headers=dict(header.split("=", 1) for header in headers) or None,
    auth=OAuth2Authentication(redirect_auth_url_handler=browse),
)
cursor = connection.cursor()
try:
    cursor.execute(sql)
    print(json.dumps(cursor.fetchall(), default=str))
except Exception as error:  # the exit code and one line are what the caller looks at
    print(f"{type(error).__name__}: {error}", file=sys.stderr)
    sys.exit(1)
finally:
    print("\n".join(legs), file=sys.stderr)
