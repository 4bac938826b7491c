"""An SMTP sink on aiosmtpd that keeps every message as a file."""

import smtplib
import subprocess
import sys
from pathlib import Path

import server
from server import StackError

SINK = Path(__file__).parent.parent / "smtp" / "sink.py"
ACCOUNT = "stoa"


class Server(server.Server):
    name = "smtp"

    def prepare(self):
        self.data.mkdir(exist_ok=True)
        self.secret("password")
        if not (self.folder / "certificate.pem").exists():
            result = subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                 "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                 "-keyout", self.folder / "key.pem", "-out", self.folder / "certificate.pem"],
                capture_output=True, text=True)
            if result.returncode:
                raise StackError(f"openssl could not make a certificate for the SMTP sink:\n{result.stderr}")

    def command(self):
        return [sys.executable, "-B", str(SINK), f"--port={self.port()}", f"--mails={self.data}", f"--account={ACCOUNT}",
                f"--password-file={self.folder / 'password'}", f"--certificate={self.folder / 'certificate.pem'}",
                f"--key={self.folder / 'key.pem'}"]

    def healthy(self):
        try:
            with smtplib.SMTP("127.0.0.1", self.port(), timeout=3) as client:
                return client.noop()[0] == 250
        except OSError:
            return False

    def version(self):
        import aiosmtpd
        return f"aiosmtpd {aiosmtpd.__version__}"

    def environment(self):
        return {"STOA_TEST_SMTP": f"127.0.0.1:{self.port()}", "STOA_TEST_SMTP_USER": ACCOUNT,
                "STOA_TEST_SMTP_PASSWORD": self.secret("password"), "STOA_TEST_SMTP_MAILS": str(self.data),
                "STOA_TEST_SMTP_CA": str(self.folder / "certificate.pem")}
