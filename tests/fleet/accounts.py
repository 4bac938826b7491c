"""The accounts of a fleet. The first member of staff is made by the auth service itself, from its configuration
(conf/shop.yaml), with a secret of the run directory as password; everybody else registers."""

from pathlib import Path

import private
from shop import retried

STAFF = "staff@example.com"


def staff_password(run: Path) -> str:
    return private.secret(run, "staff-password").read_text()


def staff_token(shop, fleet) -> str:
    """Asks until the auth service has made the account."""
    return retried(lambda: shop.login(STAFF, staff_password(fleet.run)), seconds=60, also=(401,))
