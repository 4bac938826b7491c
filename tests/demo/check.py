"""./dev up --check: one order from registration to delivered through the gateway, on a shop of its own, into whose
stores the auditor then looks. The last line on standard output is JSON: the order and its timeline."""

import argparse
import json
import shutil
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests" / "fleet"), str(ROOT / "tests")]

import load
from audit.auditor import settle
from audit.stores.errors import CannotLook
from console import timed
from fleet import Fleet
from shop import Refused, Shop, delivered, new_key, retried
from topology import FleetError


def one_order(shop, folder) -> dict:
    begin = time.monotonic()
    timed("load the demo shop", lambda: load.load(shop, folder))
    placed = timed("register, log in, place an order", lambda: place(shop))
    order = timed("wait until it is delivered", lambda: shop.wait_for_order(placed.token, placed.order_id, delivered))
    return {"check": "one-order", "order": order, "timeline": shop.timeline(placed.token, placed.order_id),
            "seconds": round(time.monotonic() - begin, 2)}


class Placed(NamedTuple):
    token: str
    order_id: str


def place(shop) -> Placed:
    email, password = f"check-{new_key()[:8]}@example.com", new_key()
    shop.register(email, password)
    token = shop.login(email, password)
    chosen = sorted(shop.products(), key=lambda product: product["sku"])[:2]
    lines = [(product["id"], quantity) for quantity, product in enumerate(chosen, 1)]
    total = sum(product["price"]["amount"] * quantity for quantity, product in enumerate(chosen, 1))
    return Placed(token, retried(lambda: shop.place_order(token, lines, total))["orderId"])


def main():
    parser = argparse.ArgumentParser(prog="./dev up --check", description=__doc__)
    parser.add_argument("--topology", default="all-in-one")
    parser.add_argument("--run", type=Path, default=ROOT / "build" / "check-run")
    options = parser.parse_args()
    shutil.rmtree(options.run, ignore_errors=True)
    fleet = Fleet(options.run, options.topology, ROOT / "build" / "release")
    try:
        with fleet:
            timed(f"start {len(fleet.hosts)} hosts ({options.topology})", lambda: (fleet.start(), fleet.wait_until_ready()))
            result = one_order(Shop(fleet.gateway), options.run)
            report = timed("audit", lambda: settle(options.run, acknowledged=[result["order"]["orderId"]]))
            codes = timed("drain", fleet.stop)
    except (FleetError, CannotLook, load.LoadError, Refused, TimeoutError, OSError) as error:
        sys.exit(f"./dev up --check: {error}\nThe hosts' logs are in {options.run}")
    if any(codes.values()):
        sys.exit(f"./dev up --check: these hosts did not end well: {codes}; their logs are in {options.run}")
    if report.lines():
        sys.exit("./dev up --check: the auditor found:\n" + "\n".join(report.lines()))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
