"""What every server of the test stack has in common: a folder, ports, one process, a record of both.

A server is one module under servers/ with a class `Server` that derives this one (see servers/smtp.py
for a small one). It says how to prepare its folder, which command to run, how to ask for its health and version,
and what the tests find in their environment.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "fleet"))

from ports import free_port, is_free

MARK = "STOA_STACK_DIR"  # in the environment of every process that the stack starts


class StackError(Exception):
    """A server that cannot run; the message says why and what to do."""


class Server:
    name = ""
    ports = ("port",)  # names of the ports that it listens on; the first one is shown
    ready_within = 60  # seconds
    stop_signal = signal.SIGTERM

    def __init__(self, stack: Path):
        self.stack = stack
        self.folder = stack / self.name
        self.data = self.folder / "data"
        self.record_file = self.folder / "server.json"
        self.record = self._read_record()

    # What a server of its own says.

    def prepare(self) -> None:
        """Makes the folder ready to start from; does nothing the second time."""

    def command(self) -> list:
        raise NotImplementedError

    def healthy(self) -> bool:
        """One question over the server's own protocol, bounded to a few seconds."""
        raise NotImplementedError

    def version(self) -> str:
        raise NotImplementedError

    def after_start(self) -> None:
        """Runs once the server is healthy."""

    def environment(self) -> dict:
        """The variables for tests; built from the ports and the folder."""
        raise NotImplementedError

    def user(self):
        """The account that runs the server, when it must not be ours."""
        return None

    # What all of them share.

    def port(self, name: str = "port") -> int:
        return self.record["ports"][name]

    def secret(self, name: str) -> str:
        """A random password, made once and kept in a file that only we may read."""
        file = self.folder / name
        if not file.exists():
            write_private(file, secrets.token_urlsafe(24))
        return file.read_text()

    def running(self) -> bool:
        pid = self.record.get("pid")
        return bool(pid) and start_time(pid) == self.record.get("start_time")

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.record["ports"] = {name: self._choose_port(name) for name in self.ports}
        self.prepare()
        with open(self.folder / "server.log", "ab") as log:
            process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                cwd=self.folder, env={**os.environ, MARK: str(self.stack)},
                **as_user(self.user()))
        self.record.update(pid=process.pid, start_time=start_time(process.pid))
        self._write_record()
        self._wait_until_ready(process)
        self.after_start()
        self.record["version"] = self.version()
        self._write_record()

    def stop(self) -> None:
        """Asks the process to end, and ends it when it does not; the data stay."""
        pid = self.record.get("pid")
        if self.running():
            os.kill(pid, self.stop_signal)
            if not wait_for(lambda: not self.running(), 20):
                os.kill(pid, signal.SIGKILL)
                wait_for(lambda: not self.running(), 5)
        self.record.pop("pid", None)
        self.record.pop("start_time", None)
        if self.record_file.exists():
            self._write_record()

    def status(self) -> dict:
        running = self.running()
        health = "stopped"
        if running:
            health = "healthy" if self.healthy() else "not answering"
        elif self.record.get("pid"):
            health = "died"
        return {"name": self.name, "pid": self.record.get("pid") if running else None,
                "port": self.port() if running else None, "version": self.record.get("version"), "health": health}

    def _wait_until_ready(self, process) -> None:
        def ready():
            if process.poll() is not None:
                raise StackError(f"{self.name} ended with code {process.returncode} while starting:\n{self.log_end()}")
            return self.healthy()
        if not wait_for(ready, self.ready_within):
            self.stop()
            raise StackError(f"{self.name} was not ready after {self.ready_within} s:\n{self.log_end()}")

    def log_end(self) -> str:
        lines = (self.folder / "server.log").read_text(errors="replace").splitlines()
        return "\n".join(lines[-15:]) + f"\n(the whole log: {self.folder / 'server.log'})"

    def _choose_port(self, name: str) -> int:
        """The port of last time when it is free, so that clients survive a restart; else another."""
        last = self.record.get("ports", {}).get(name)
        return last if last and is_free(last) else free_port()

    def _read_record(self) -> dict:
        try:
            return json.loads(self.record_file.read_text())
        except (FileNotFoundError, ValueError):
            return {}

    def _write_record(self) -> None:
        write_private(self.record_file, json.dumps(self.record, indent=1))


def start_time(pid: int):
    """When a process started, in ticks since boot: tells it from a later one with the same id. None when gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else int(fields[19])


def leftovers(stack: Path) -> list:
    """Processes that this stack started, found by their environment or command line, whatever the records say."""
    found = []
    mark, folder = f"{MARK}={stack}\0".encode(), f"{stack}/".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) in (os.getpid(), os.getppid()):
            continue
        try:
            ours = mark in (entry / "environ").read_bytes() + b"\0" or folder in (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if ours and start_time(int(entry.name)):
            found.append(int(entry.name))
    return found


def wait_for(condition, seconds: float) -> bool:
    """Asks until the condition holds; False when it never did."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True


def as_user(user) -> dict:
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


def write_private(file: Path, text: str) -> None:
    """Replaces the file in one step; only we may read it."""
    fresh = file.with_name(f".{file.name}.new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
    fresh.rename(file)
