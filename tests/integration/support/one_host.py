"""One host process without a topology: for what happens when a host starts, stops or is configured badly."""

import json
import signal
import subprocess
import urllib.error
import urllib.request

import yaml

from fleet import end_with_parent
from ports import free_port
from support import surroundings
from waiting import wait_until
from topology import merged


class OneHost:
    def __init__(self, name, config=None):
        self.folder = surroundings.run / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.edge, self.internal, self.ops = free_port(), free_port(), free_port()
        self.process = None
        ours = {"state": str(self.folder / "state"), "events": f"sqlite:{self.folder / 'events.db'}",
                "http": {"edge": f"127.0.0.1:{self.edge}", "internal": f"127.0.0.1:{self.internal}", "ops": f"127.0.0.1:{self.ops}"}}
        self.configure(merged(ours, config or {}))

    def configure(self, config):
        self.config = config
        (self.folder / "host.yaml").write_text(yaml.safe_dump(config))

    def change(self, config):
        self.configure(merged(self.config, config))

    @property
    def log(self) -> str:
        return (self.folder / "host.log").read_text(errors="replace")

    def start(self, *arguments):
        with open(self.folder / "host.log", "wb") as log:
            self.process = subprocess.Popen(
                [surroundings.host_program(), f"--config={self.folder / 'host.yaml'}", *map(str, arguments)], cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, preexec_fn=end_with_parent)
        return self

    def fails(self, *arguments):
        """Starts a host that cannot run: its exit code and what it wrote that is no log line."""
        self.start(*arguments)
        code = self.process.wait(30)
        return code, "\n".join(line for line in self.log.splitlines() if not line.startswith("{"))

    def ready(self) -> tuple:
        """Status and text of /readyz; 0 while nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ops}/readyz", timeout=3) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def wait_until_ready(self, seconds=30):
        def check():
            if self.process.poll() is not None:
                raise AssertionError(f"the host ended with code {self.process.returncode}:\n{self.log}")
            return self.ready()[0] == 200
        wait_until(check, seconds, f"the host is ready: {self.ready()}")
        return self

    def get(self, path, listener="internal"):
        with urllib.request.urlopen(f"http://127.0.0.1:{getattr(self, listener)}{path}", timeout=10) as answer:
            text = answer.read()
            return json.loads(text) if text.startswith((b"{", b"[")) else text.decode()

    def post(self, path, body, seconds=10):
        request = urllib.request.Request(f"http://127.0.0.1:{self.internal}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            return json.loads(answer.read())

    def stop(self, number=signal.SIGTERM, seconds=30) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
