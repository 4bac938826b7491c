"""Finds a shop's stores by the configuration of its hosts: a run directory has a folder with a host.yaml for each."""

import os
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

import yaml

from .embedded_log import EmbeddedLog
from .errors import CannotLook
from .kafka import Kafka
from .mail import MailFile, SmtpSink
from .postgresql import Postgresql
from .sqlite import Sqlite

SERVICES = ("auth", "user", "product", "inventory", "order", "payment", "shipping", "notification")
OUTSIDE = ("sandbox_psp", "sandbox_carrier")


@dataclass
class Places:
    databases: dict  # service, or name of the outside world → its database
    log: object
    sink: object     # None: mails go where nobody can look


def find(run: Path) -> Places:
    files = sorted(run.glob("*/host.yaml"))
    if not files:
        raise CannotLook(f"there is no shop in {run}; start one with ./dev up, or name its run directory")
    databases, log, sink = {}, None, None
    for config in (yaml.safe_load(file.read_text()) for file in files):
        for name, options in config["plugins"].items():
            if name in SERVICES + OUTSIDE:
                databases[name] = database_of(config, name, options or {})
        log = log_of(config["events"])
        if "notification" in config["plugins"]:
            sink = sink_of(config.get("mail", {}))
    missing = [name for name in SERVICES + OUTSIDE if name not in databases]
    if missing:
        raise CannotLook(f"no host in {run} runs {', '.join(missing)}; the auditor knows the whole shop only")
    return Places(databases, log, sink)


def database_of(config, name, options):
    url = options.get("sql") or f"sqlite:{config['state']}/{name}_db.sqlite"
    kind, _, rest = url.partition(":")
    return Sqlite(Path(rest)) if kind == "sqlite" else Postgresql(url, secret(options.get("sql_password", "")))


def log_of(url: str):
    kind, _, rest = url.partition(":")
    if kind == "sqlite":
        return EmbeddedLog(Path(rest))
    where = urllib.parse.urlsplit(url)
    return Kafka(where.netloc, where.path.strip("/"))


def sink_of(mail: dict):
    if not mail.get("url", "log:").startswith("log:"):
        folder = os.environ.get("STOA_TEST_SMTP_MAILS")
        return SmtpSink(Path(folder)) if folder else None
    return MailFile(Path(mail["file"])) if mail.get("file") else None


def secret(reference: str) -> str:
    """What the host's configuration says of a secret, looked up as the host does."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        if name not in os.environ:
            raise CannotLook(f"{name} is not set; source build/stack/env")
        return os.environ[name]
    return Path(name).read_text().strip() if kind == "file" else ""
