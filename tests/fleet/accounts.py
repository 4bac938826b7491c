"""The accounts of a fleet. The first member of staff is made by the auth service itself, from its configuration, with
a password that the fleet writes to a file before it starts; everybody else registers."""

import os
import secrets
from pathlib import Path

STAFF = "staff@example.com"


def staff_password(run: Path) -> str:
    """Made up once per run directory; only we may read the file."""
    file = run / "staff-password"
    if not file.exists():
        run.mkdir(parents=True, exist_ok=True)
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(12))
    return file.read_text()


def staff_token(shop, fleet) -> str:
    return shop.login(STAFF, staff_password(fleet.run))
