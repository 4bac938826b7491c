"""The foreground of ./dev up: starts the hosts of a topology, loads the demo shop, shows the logs, drains on Ctrl-C."""

import argparse
import os
import signal
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "fleet"))

import load
from console import timed
from fleet import Fleet
from shop import Shop
from topology import FleetError


COLOURS = {"debug": "\033[90m", "warn": "\033[33m", "error": "\033[31m"}


class Console:
    """Log lines of the hosts, each behind its host's name; held back until the shop is open."""

    def __init__(self):
        self.shown = False
        self.terminal = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.width = 0

    def line(self, host, text):
        if self.shown:
            print(f"{host:<{self.width}} | {self.coloured(text)}", flush=True)

    def coloured(self, text) -> str:
        level = text[13:18].strip()
        return f"{COLOURS[level]}{text}\033[0m" if self.terminal and level in COLOURS else text


def run(options, fleet, console, stop):
    def start():
        fleet.start(console.line)
        fleet.wait_until_ready()
    timed(f"start {len(fleet.hosts)} hosts ({options.topology})", start)
    accounts = timed("load the demo shop", lambda: load.load(Shop(fleet.gateway), options.run))
    print(welcome(fleet, accounts), flush=True)
    console.shown = True
    while not stop.wait(0.2):
        dead = [host for host in fleet.hosts if not host.running()]
        if dead and dead[0].process.returncode == 0:
            print(f"==> host {dead[0].name} was drained, so the shop closes", flush=True)
            return
        if dead:
            raise FleetError(f"host {dead[0].name} ended with code {dead[0].process.returncode}; its log: {dead[0].log}")


def welcome(fleet, accounts) -> str:
    gateway = fleet.gateway
    ops = fleet.host_of("gateway").ports["ops"]
    lines = ["", f"The shop is open: {gateway}", ""]
    lines += [f"  {role:<9} {account['email']:<24} password {account['password']}" for role, account in accounts.items()]
    customer = accounts["customer"]
    body = f'{{"email":"{customer["email"]}","password":"{customer["password"]}"}}'
    if not any(host.plan.config.get("security", {}).get("plugin_keys") for host in fleet.hosts):
        lines += ["", "The plugins are unsigned and nobody checks their files: no security.plugin_keys is set."]
    lines += ["", "Try:",
              f"  curl -s '{gateway}/api/v1/products?limit=3'",
              f"  curl -s {gateway}/api/v1/auth/login -H 'Content-Type: application/json' -d '{body}'",
              f"  curl -s {gateway}/openapi.json", "",
              f"All routes, to read in a browser: {gateway}/docs",
              "A look into the running hosts: build/release/bin/stoactl plugins (--help lists the rest)",
              f"Metrics and health: http://127.0.0.1:{ops}/metrics, /readyz", "",
              "Ctrl-C drains the hosts and ends them; a second one hurries. The logs follow.", ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(prog="./dev up", description=__doc__)
    parser.add_argument("--topology", default="all-in-one")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--run", type=Path, default=ROOT / "build" / "run")
    options = parser.parse_args()
    console, stop = Console(), threading.Event()
    fleet = Fleet(options.run, options.topology, ROOT / "build" / "release", options.port,
                  override={"log": {"format": "human"}})
    console.width = max(len(host.name) for host in fleet.hosts)

    def interrupted(_number, _frame):
        if stop.is_set():
            fleet.signal()  # the hosts hurry on a second one
        stop.set()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupted)
    failure = None
    try:
        run(options, fleet, console, stop)
    except (FleetError, load.LoadError, OSError) as error:
        failure = error
    stop.set()
    print("==> drain…", flush=True)  # the hosts' logs go on below
    begin = time.monotonic()
    codes = fleet.stop()
    print(f"==> drained  {time.monotonic() - begin:.1f} s", flush=True)
    if failure:
        sys.exit(f"\n./dev up: {failure}")
    bad = {name: code for name, code in codes.items() if code}
    if bad:
        sys.exit(f"./dev up: these hosts did not end well: {bad}; their logs are in {options.run}")


if __name__ == "__main__":
    main()
