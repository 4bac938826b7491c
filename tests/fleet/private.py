"""Files of a run directory that only we may read."""

import os
import secrets
from pathlib import Path


def write(file: Path, text: str):
    """Makes the file; FileExistsError when there is one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)


def secret(run: Path, name: str) -> Path:
    """The file of a secret, made up once per run directory."""
    file = run / "secrets" / name
    if not file.exists():
        write(file, secrets.token_urlsafe(24))
    return file
