"""Starts, shows and stops the real servers that tests run against: `./dev stack up|down|status`.

Everything lies under build/stack/: a folder per server (data, server.log, server.json), and `env`, which a shell
sources to get the addresses. `up` does only what is missing; `down` also finds what an earlier crash left behind.
"""

import argparse
import fcntl
import importlib
import json
import os
import shutil
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from server import StackError, leftovers, start_time, wait_for, write_private

HERE = Path(__file__).resolve().parent
STACK = HERE.parent.parent / "build" / "stack"


def load(names):
    """The servers with these names, or all: one module each under servers/."""
    known = sorted(file.stem for file in (HERE / "servers").glob("*.py"))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise StackError(f"there is no server \"{unknown[0]}\"; these exist: {', '.join(known)}")
    sys.path.insert(0, str(HERE / "servers"))
    return [importlib.import_module(name).Server(STACK) for name in names or known]


def up(servers):
    begin = time.monotonic()
    with ThreadPoolExecutor(len(servers)) as pool:
        failures = [failure for failure in pool.map(bring_up, servers) if failure]
    write_environment()
    if failures:
        raise StackError("\n".join(failures))
    show(servers)
    print(f"==> {', '.join(server.name for server in servers)} up  {time.monotonic() - begin:.1f} s")


def bring_up(server):
    """Starts the server unless it is healthy; returns what went wrong."""
    try:
        if server.running() and server.healthy():
            return None
        server.stop()
        begin = time.monotonic()
        server.start()
        print(f"==> start {server.name} {server.record['version']}…  {time.monotonic() - begin:.1f} s", flush=True)
    except StackError as error:
        return f"{server.name} is not up: {error}"
    return None


def down(servers, everything, clean, quiet):
    begin = time.monotonic()
    had = [server.name for server in servers if server.running()]
    with ThreadPoolExecutor(len(servers)) as pool:
        list(pool.map(lambda server: server.stop(), servers))
    if everything:
        had += end_leftovers(STACK)
        (STACK / "env").unlink(missing_ok=True)
    else:
        write_environment()
    if clean:
        for server in servers:
            remove(server.folder)
    if not quiet:
        print(f"==> stopped {', '.join(had)}  {time.monotonic() - begin:.1f} s" if had else "Nothing was running.")


def end_leftovers(stack):
    """Ends what an earlier run left behind without a record."""
    found = [(pid, start_time(pid)) for pid in leftovers(stack)]
    for number in (signal.SIGTERM, signal.SIGKILL):
        alive = [pid for pid, began in found if start_time(pid) == began]
        for pid in alive:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        wait_for(lambda: all(start_time(pid) != began for pid, began in found), 10)
    return [f"process {pid}" for pid, _ in found]


def remove(folder):
    data = folder / "data"
    if data.is_symlink():
        shutil.rmtree(data.resolve(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def write_environment():
    lines = ["# Addresses of the test stack; source this file. Written by ./dev stack up."]
    for server in load([]):
        if server.running():
            lines += [f"export {key}='{value}'" for key, value in server.environment().items()]
    write_private(STACK / "env", "\n".join(lines) + "\n")


def show(servers, as_json=False):
    with ThreadPoolExecutor(len(servers)) as pool:
        rows = list(pool.map(lambda server: server.status(), servers))
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    columns = ["name", "version", "pid", "port", "health"]
    table = [columns] + [["-" if row[column] is None else str(row[column]) for column in columns] for row in rows]
    widths = [max(len(line[index]) for line in table) for index in range(len(columns))]
    for line in table:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def main():
    parser = argparse.ArgumentParser(prog="./dev stack", description=__doc__)
    parser.add_argument("action", choices=["up", "down", "status"])
    parser.add_argument("servers", nargs="*", help="only these servers")
    parser.add_argument("--json", action="store_true", help="status as JSON")
    parser.add_argument("--clean", action="store_true", help="down: remove data and logs as well")
    parser.add_argument("--quiet", action="store_true", help="down: say nothing")
    options = parser.parse_args()
    STACK.mkdir(parents=True, exist_ok=True)
    servers = load(options.servers)
    if options.action == "status":
        show(servers, options.json)
        return
    with open(STACK / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one up or down at a time
        if options.action == "up":
            up(servers)
        else:
            down(servers, not options.servers, options.clean, options.quiet)


if __name__ == "__main__":
    try:
        main()
    except StackError as error:
        sys.exit(f"./dev stack: {error}")
