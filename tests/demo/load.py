"""Fills a running shop for the demo, through REST alone: products with stock, a customer, a member of staff.

Runs again without harm: what is there stays, stock is received only for products that this run has made. Passwords
are made up at the first run and kept in the run directory, in files that only we may read.
"""

import json
import secrets
from pathlib import Path

import private
from accounts import STAFF, staff_password
from shop import Refused, retried

CATALOGUE = Path(__file__).parent / "catalogue.jsonl"
WAREHOUSE_REASON = "opening stock"


class LoadError(Exception):
    """The shop could not be filled; the message says why."""


def load(shop, run: Path) -> dict:
    """Returns the accounts: role → email and password."""
    found = {"customer": read_customer(run / "customer.json"), "staff": {"email": STAFF, "password": staff_password(run)}}
    try:
        retried(lambda: ensure_account(shop, found["customer"]))
        # The auth service makes the staff account in its first moments.
        fill(shop, retried(lambda: shop.login(**found["staff"]), also=(401,)))
    except Refused as refused:
        raise LoadError(f"the demo shop could not be loaded: {refused}") from refused
    return found


def ensure_account(shop, account):
    try:
        shop.register(account["email"], account["password"])
    except Refused as refused:
        if refused.status != 409:  # registered by an earlier run
            raise


def fill(shop, staff):
    wanted = [json.loads(line) for line in CATALOGUE.read_text().splitlines()]
    known = {product["sku"]: product["id"] for product in shop.products()}
    missing = [entry for entry in wanted if entry["sku"] not in known]
    if not missing:
        return
    products = [{**{key: entry[key] for key in ("sku", "name", "description", "category")},
                 "price": {"amount": entry["price"], "currency": "EUR"}} for entry in missing]
    retried(lambda: shop.import_products(staff, products))
    ids = {product["sku"]: product["id"] for product in shop.products()}
    for entry in missing:
        # The key repeats with the product: a run that was cut off receives nothing twice.
        retried(lambda entry=entry: shop.receive(staff, ids[entry["sku"]], entry["stock"], WAREHOUSE_REASON,
                                                 key=f"demo-{ids[entry['sku']]}"))


def read_customer(file: Path) -> dict:
    if file.exists():
        return json.loads(file.read_text())
    customer = {"email": "customer@example.com", "password": secrets.token_urlsafe(12)}
    private.write(file, json.dumps(customer, indent=1))
    return customer
