"""The sink's process: accepts every mail and keeps it.

Each message becomes <n>.eml, and one line of index.jsonl: number, time, envelope, Message-ID, subject, whether the
connection used TLS and which account had logged in. STARTTLS and AUTH (PLAIN, LOGIN) are offered, never demanded;
a wrong password is refused.

Two files let a test misbehave on purpose: while `refuse` exists in the folder every message gets the SMTP answer
written in it (say "451 try again later"); while `mute` exists a message is stored, but its answer never comes.
"""

import argparse
import asyncio
import email
import email.policy
import json
import ssl
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Mailbox:
    """aiosmtpd's handler: one call per message."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.count = len(list(folder.glob("*.eml")))

    async def handle_DATA(self, server, session, envelope):
        refusal = self.folder / "refuse"
        if refusal.exists():
            return refusal.read_text().strip() or "451 refused by the test"
        self.store(session, envelope)
        while (self.folder / "mute").exists():
            await asyncio.sleep(0.05)
        return "250 kept"

    def store(self, session, envelope):
        self.count += 1
        file = self.folder / f"{self.count:06}.eml"
        file.write_bytes(envelope.original_content or envelope.content)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        line = {"number": self.count, "file": file.name, "time": time.time(), "from": envelope.mail_from,
                "to": envelope.rcpt_tos, "messageId": mail["Message-ID"], "subject": mail["Subject"],
                "tls": session.ssl is not None, "account": session.auth_data}
        with open(self.folder / "index.jsonl", "a", encoding="utf-8") as index:
            index.write(json.dumps(line, ensure_ascii=False) + "\n")


def authenticator(account, password):
    def check(_server, _session, _envelope, _mechanism, data):
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (account, password)
        return AuthResult(success=good, handled=good, auth_data=data.login.decode() if good else None)
    return check


async def serve(options):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(options.certificate, options.key)
    mailbox = Mailbox(options.mails)
    check = authenticator(options.account.encode(), options.password_file.read_bytes())

    def session():
        return SMTP(mailbox, hostname="localhost", tls_context=context, authenticator=check, auth_require_tls=False,
                    enable_SMTPUTF8=True)
    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", options.port)
    await server.serve_forever()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--account", required=True)
    for name in ("mails", "password-file", "certificate", "key"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
