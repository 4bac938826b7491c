"""Where mails end up: the file that log: keeps, or the folder of the SMTP sink."""

import json
from dataclasses import dataclass
from pathlib import Path

from .errors import CannotLook


@dataclass(frozen=True)
class Mail:
    message_id: str
    to: str


class MailFile:
    """Every mail is a line of JSON."""

    own = True  # nobody else's mails are there

    def __init__(self, file: Path):
        self.file = file

    def read(self) -> list:
        return [Mail(mail["message_id"], mail["to"]) for mail in lines(self.file)]


class SmtpSink:
    """The index that tests/stack/smtp/sink.py writes; several shops may share it."""

    own = False

    def __init__(self, folder: Path):
        self.file = folder / "index.jsonl"

    def read(self) -> list:
        return [Mail(line["messageId"].strip("<>").partition("@")[0], recipient) for line in lines(self.file) for recipient in line["to"]]


def lines(file: Path) -> list:
    if not file.exists():
        return []
    try:
        # The last one may just be written.
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")]
    except OSError as error:
        raise CannotLook(f"{file}: {error}") from error
