"""Runs the hosts of a topology as processes: for ./dev up, and for tests, replay and benchmarks.

    with Fleet(run, "all-in-one", build) as fleet:
        fleet.start()
        fleet.wait_until_ready()
        … requests to fleet.gateway …

Everything lies under the run directory: a folder per host (host.yaml, host.log, its state), and what they share.
"""

import ctypes
import http.client
import json
import os
import re
import signal
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path

import yaml

import private
import topology
from ports import free_port
from topology import FleetError, merged

PR_SET_PDEATHSIG = 1
PARAMETER = re.compile(r"\{[^}]*\}")
NOBODY = "00000000-0000-7000-8000-000000000000"


class Host:
    """One process."""

    def __init__(self, plan, folder: Path, ports: dict):
        self.plan = plan
        self.name = plan.name
        self.folder = folder
        self.ports = ports
        self.environment = {}  # of its own, over the fleet's
        self.process = None
        self.spawned_at = None
        self.log = folder / "host.log"
        self.socket = folder / "state" / "control.sock"

    def spawn(self, program: Path, environment: dict, on_line=None):
        """Starts the process; its output goes to host.log, and line by line to on_line."""
        self.folder.mkdir(parents=True, exist_ok=True)
        log = open(self.log, "ab")
        self.spawned_at = time.monotonic()
        self.process = subprocess.Popen(
            [program, f"--config={self.folder / 'host.yaml'}"], cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if on_line else log, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, **environment, **self.environment}, preexec_fn=end_with_parent)
        if on_line:
            threading.Thread(target=self._copy_lines, args=(log, on_line), daemon=True).start()
        else:
            log.close()

    def _copy_lines(self, log, on_line):
        with log:
            for line in self.process.stdout:
                log.write(line)
                log.flush()
                on_line(self.name, line.decode(errors="replace").rstrip("\n"))

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ready(self) -> tuple:
        """Whether /readyz says yes, and its text."""
        try:
            status, text = asked(self.ports["ops"], "/readyz")
            return status == 200, text
        except OSError as error:
            return False, str(error)

    def log_end(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-20:]) + f"\n(the whole log: {self.log})"


def asked(port: int, path: str, headers: dict = None) -> tuple:
    """Status and text of a GET."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=3)) as connection:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")


def checks_tokens(port: int, path: str) -> tuple:
    """Whether what is no token is refused there, as opposed to every token, and what was said."""
    try:
        status, text = asked(port, path, {"Authorization": "Bearer none"})
        return status != 503, text
    except OSError as error:
        return False, str(error)


class Fleet:
    def __init__(self, run: Path, name: str, build: Path, edge_port: int = 0, override: dict = None, environment: dict = None):
        """`edge_port` 0 is any free one; `override` is laid over every host's configuration."""
        self.run, self.build = run, build
        self.environment = environment or {}
        self.gateway_port = edge_port or free_port()
        self.hosts = [Host(plan, run / plan.name, {"internal": free_port(), "ops": free_port()}) for plan in topology.read(name)]
        self.override = override or {}
        self.ports = {}  # of the topology's own, by name

    @property
    def gateway(self) -> str:
        return f"http://127.0.0.1:{self.gateway_port}"

    def host_of(self, plugin: str) -> Host:
        return next(host for host in self.hosts if plugin in host.plan.plugins)

    def start(self, on_line=None):
        program = self.build / "bin" / "host"
        if not program.exists():
            raise FleetError(f"{program} is not there; build it with: ninja -C {self.build} host")
        for host in self.hosts:
            self._write_config(host)
        for host in self.hosts:
            host.spawn(program, self.environment, on_line)

    def wait_until_ready(self, seconds: float = 60):
        """Until every host is ready, the gateway has heard of every service, and every service knows the keys that users'
        tokens are signed with."""
        end = time.monotonic() + seconds
        for host in self.hosts:
            self._wait_for(host, host.ready, end, seconds)
        running = {plugin for host in self.hosts for plugin in host.plan.plugins}
        for host in self.hosts:
            for path in filter(None, map(self._path_of, host.plan.plugins)):
                if "gateway" in running:
                    self._wait_for(host, lambda path=path: self._knows(path), end, seconds)
                if "auth" in running:
                    for port in [host.ports["internal"]] + ([self.gateway_port] if "gateway" in running else []):
                        self._wait_for(host, lambda path=path, port=port: checks_tokens(port, path), end, seconds)

    def _wait_for(self, host: Host, good, end: float, seconds: float):
        """`good` answers whether it is, and a text that says why not."""
        while True:
            if not host.running():
                raise FleetError(f"host {host.name} ended with code {host.process.returncode}:\n{host.log_end()}")
            yes, text = good()
            if yes:
                return
            if time.monotonic() > end:
                raise FleetError(f"host {host.name} is not ready after {seconds:.0f} s: {text}\n{host.log_end()}")
            time.sleep(0.02)

    def _path_of(self, plugin: str):
        """A path that the gateway knows once it knows the plugin; None for the outside world, which it need not know."""
        manifest = self.build / "plugins" / f"{plugin}.manifest.json"
        if plugin.startswith("sandbox_") or not manifest.exists():
            return None
        manifest = json.loads(manifest.read_text())
        if manifest["listener"] == "edge":
            return None
        found = (route["path"] for route in manifest["routes"] if route["method"] == "GET" and route["auth"] != ["service"])
        return next((PARAMETER.sub(NOBODY, path) for path in found), None)

    def _knows(self, path: str) -> tuple:
        try:
            status, text = asked(self.gateway_port, path)
            # The gateway's 404 ends with a dot; a host that does not serve what was sent to it answers the same without.
            on_the_way = status in (502, 503, 504) or (status == 404 and "There is nothing at this path" in text)
            return not on_the_way, f"the gateway does not know {path}: {status} {text}"
        except OSError as error:
            return False, str(error)

    def signal(self, number=signal.SIGTERM):
        for host in self.hosts:
            if host.running():
                host.process.send_signal(number)

    def stop(self, seconds: float = 60) -> dict:
        """Drains every host; returns the exit codes. One that does not end in time is killed, and its code says so."""
        self.signal()
        end = time.monotonic() + seconds
        for host in self.hosts:
            if host.process is None:
                continue
            try:
                host.process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                host.process.kill()
                host.process.wait()
        return {host.name: host.process.returncode for host in self.hosts if host.process}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _write_config(self, host: Host):
        host.folder.mkdir(parents=True, exist_ok=True)
        ours = {
            "state": str(host.folder / "state"),
            "http": {"internal": f"127.0.0.1:{host.ports['internal']}", "ops": f"127.0.0.1:{host.ports['ops']}"},
            "security": {"fleet_key": str(self.run / "fleet.pem")},
            "plugins": {name: {"file": str(self._library(name))} for name in host.plan.plugins},
        }
        edge = self.gateway_port if "gateway" in host.plan.plugins else 0
        ours["http"]["edge"] = f"127.0.0.1:{edge}"
        config = merged(merged({"events": f"sqlite:{self.run / 'events.db'}"}, host.plan.config), merged(ours, self.override))
        config["plugins"] = {name: config["plugins"][name] for name in host.plan.plugins}
        config = topology.filled(config, self._lookup)
        host.socket = Path(config.get("control", {}).get("socket") or host.folder / "state" / "control.sock")
        text = yaml.safe_dump(config, sort_keys=False, width=120)
        (host.folder / "host.yaml").write_text(f"# Written by tests/fleet from the topology; ./dev up writes it again.\n{text}")

    def _library(self, name: str) -> Path:
        file = self.build / "plugins" / f"{name}.so"
        if not file.exists():
            raise FleetError(f"{file} is not there; build it with: ninja -C {self.build} {name}")
        return file

    def _lookup(self, name, argument) -> str:
        if name == "run":
            return str(self.run)
        if name == "edge":
            return self.gateway
        if name == "secret":
            return f"file:{private.secret(self.run, argument)}"
        if name == "port":
            return str(self.ports.setdefault(argument, free_port()))
        if name == "internal":
            for host in self.hosts:
                if host.name == argument:
                    return f"http://127.0.0.1:{host.ports['internal']}"
        raise FleetError(f"the topology has a placeholder that nobody knows: ${{{name}{':' + argument if argument else ''}}}")


def end_with_parent():
    """Runs in the child: a host drains when whoever started it is gone."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
