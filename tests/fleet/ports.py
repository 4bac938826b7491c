"""Loopback ports for servers of tests, each handed out once: to no two servers of one run, nor of runs side by side."""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

# Below the range from which the kernel serves port 0, so that no client takes a port between our look and the bind.
FIRST, LAST = 20000, 32000
CURSOR = Path(tempfile.gettempdir()) / f"stoa-test-ports-{os.getuid()}"


def is_free(port: int) -> bool:
    """Whether a server can listen there; connections of one before it that still wait for their end don't keep it from that."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def free_port() -> int:
    """A free port that nobody else was given since the last time round the whole range."""
    with open(os.open(CURSOR, os.O_RDWR | os.O_CREAT, 0o600), "r+") as cursor:
        fcntl.flock(cursor, fcntl.LOCK_EX)
        text = cursor.read().strip()
        port = int(text) if text.isdigit() else random.randint(FIRST, LAST)
        for _ in range(LAST - FIRST):
            port = port + 1 if FIRST <= port < LAST else FIRST
            if is_free(port):
                break
        else:
            raise OSError(f"no port from {FIRST} to {LAST} is free on 127.0.0.1; stop what listens there (ss -ltnp)")
        cursor.seek(0)
        cursor.truncate()
        cursor.write(str(port))
        return port
