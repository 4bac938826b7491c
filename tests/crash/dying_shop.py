"""A shop on the real servers whose host is killed and started again."""

import json
import signal
import subprocess
import time
import uuid

import accounts
import stores
from fleet import Fleet
from shop import Shop, new_key
from topology import merged
from waiting import wait_until

PRICE, STOCK = 250, 1_000_000
SETTINGS = {
    # A key that a crash has cut off is free again 5 s after the request's deadline.
    "http": {"deadline": "5s"},
    "parked": {"retries": ["300ms", "1s", "5s"]},
    "plugins": {
        "auth": {"settings": {"accessTokenSeconds": 3600}},
        # A parked event that a crash has cut off is free again 5 s after this.
        "poison": {"event_timeout": "2s"},
        "order": {"settings": {"compensationSeconds": 2, "compensationRepeats": 8}},
        "sandbox_psp": {"settings": {"slowMs": 3000}},
        "sandbox_carrier": {"settings": {"pickupMs": 300, "deliverMs": 300}},
    },
}
PATIENCE = 120  # seconds for a crash point to be reached


class Product:
    def __init__(self, product_id):
        self.id, self.price = product_id, PRICE


class DyingShop:
    """The shop in one host, the outside world in another; `poison` runs beside the shop, for events that nobody can take."""

    def __init__(self, build, run):
        self.build, self.run, self.deaths, self.journal = build, run, 0, run / "crash-points"
        self.fleet = Fleet(run, "all-in-one", build, environment={"STOA_TEST_CRASH_JOURNAL": str(self.journal)})
        self.host, self.outside = self.fleet.host_of("gateway"), self.fleet.host_of("sandbox_psp")
        self.host.plan.plugins.append("poison")
        self.store = stores.Servers("crash")
        named = [plugin for host in self.fleet.hosts for plugin in host.plan.plugins if plugin != "gateway"]
        few = {"plugins": {plugin: {"sql_connections": 4} for plugin in named}}
        self.fleet.override = merged(merged(self.store.override(named), few), SETTINGS)

    def __enter__(self):
        try:
            self.fleet.start()
            self.fleet.wait_until_ready()
            self.shop = Shop(self.fleet.gateway, timeout=10)
            self.staff = accounts.staff_token(self.shop, self.fleet)
            self.product = self._new_product(self.staff)
        except BaseException:
            self.fleet.stop(10)
            raise
        return self

    def __exit__(self, kind, *_):
        codes = self.fleet.stop()
        if kind is not None:
            return  # what it left may say why
        self.store.remove(self.build)
        if any(codes.values()):
            raise AssertionError(f"hosts did not drain to exit code 0: {codes}; logs in {self.run}")

    def _new_product(self, staff):
        body = {"sku": f"bread-{uuid.uuid4().hex[:8]}", "name": "Bread", "price": {"amount": PRICE, "currency": "EUR"}}
        made = self.shop.request("POST", "/api/v1/products", body, staff, new_key())
        self.shop.receive(staff, made["id"], STOCK, "delivery")
        return Product(made["id"])

    # Deaths.

    def spawn(self, host=None, at=""):
        """Starts a host again, which kills itself at that crash point."""
        (host or self.host).spawn(self.build / "bin" / "host", {**self.fleet.environment, **({"STOA_TEST_CRASH_AT": at} if at else {})})

    def kill(self, host=None):
        host = host or self.host
        host.process.send_signal(signal.SIGKILL)
        host.process.wait(10)

    def wait_until_ready(self, host=None):
        """Or dead: it may reach its crash point before."""
        host = host or self.host
        wait_until(lambda: host.ready()[0] or not host.running(), PATIENCE, f"{host.name} is ready again")

    def dies_at(self, at, meanwhile, host=None):
        """Until the host has killed itself at the point that it was started for."""
        host, end = host or self.host, time.monotonic() + PATIENCE
        while host.running():
            if time.monotonic() > end:
                raise AssertionError(f"{at} was not reached within {PATIENCE} s")
            meanwhile()
            time.sleep(0.1)
        if host.process.returncode != -signal.SIGKILL:
            raise AssertionError(f"{host.name} ended with code {host.process.returncode} instead of dying at {at}:\n{host.log_end()}")

    def outside_ends_within(self, seconds):
        """Waits for the end of the outside world, which may not come."""
        try:
            self.outside.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pass

    def lives_for(self, seconds):
        """The moment of a random kill, not a wait for something."""
        time.sleep(seconds)
        if not self.host.running():
            raise AssertionError(f"{self.host.name} ended by itself:\n{self.host.log_end()}")

    def points(self) -> list:
        """The names that the host knows."""
        listed = subprocess.run([self.build / "bin" / "host", "crash-points"], capture_output=True, text=True, check=True)
        return [line.split()[0] for line in listed.stdout.splitlines()]

    def noted(self, what, since=0) -> list:
        """(point, service) of the journal's lines that begin with `what`, in their order, but for the first so many lines."""
        words = (line.split() for line in self.journal.read_text().splitlines()[since:])
        return [(point, service) for first, point, service in words if first == what]

    # What it holds.

    def query(self, plugin, statement) -> list:
        return self.store.query(self.fleet, plugin, statement)

    def dead_letters(self, service) -> list:
        done = subprocess.run([self.build / "bin" / "stoactl", f"--socket={self.host.socket}", "--json", "dlq", "list", service],
                              capture_output=True, text=True, check=True)
        return json.loads(done.stdout)


def at(point, service, hit) -> str:
    return f"{point}@{service}#{hit}"


def random_hit(point, dice) -> int:
    """Commits and answers come all the time, also while a host starts: not one of the first then."""
    low, high = {"sql.committed": (20, 80), "http.answered": (4, 12), "request.handled": (2, 6)}.get(point, (1, 3))
    return dice.randint(low, high)
