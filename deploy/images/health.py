"""Asks a service in this container whether it can work: `python health.py [PORT] [PATH]`, exit code 0 where it can."""

from __future__ import annotations

import http.client
import sys

SECONDS = 5


def main(arguments: list[str]) -> str | None:
    """Ask; return what is wrong, if anything is."""
    port, path = (*arguments, *("8080", "/v1/health/ready")[len(arguments) :])
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        said = answer.read(2000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"Nobody answers on port {port}: {error}"
    finally:
        connection.close()
    return None if answer.status == 200 else f"{answer.status} {said}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
