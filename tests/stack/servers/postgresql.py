"""PostgreSQL 15 from Debian's package, in a cluster of its own."""

import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import server
from server import StackError, as_user, start_time, wait_for

PROGRAMS = Path("/usr/lib/postgresql/15/bin")


class Server(server.Server):
    name = "postgresql"
    stop_signal = signal.SIGINT  # "fast": open sessions are ended, everything acknowledged is on disk

    def user(self):
        """PostgreSQL refuses to run as root."""
        return pwd.getpwnam("postgres") if os.getuid() == 0 else None

    def prepare(self):
        if not (PROGRAMS / "postgres").exists():
            raise StackError("PostgreSQL 15 is not installed; run: apt-get install postgresql")
        if (self.data / "PG_VERSION").exists():
            self._forget_the_dead()
            return
        self._make_data_folder()
        with tempfile.NamedTemporaryFile("w") as password:  # 0600, and the server's account must read it
            password.write(self.secret("password"))
            password.flush()
            if self.user():
                os.chown(password.name, self.user().pw_uid, self.user().pw_gid)
            result = subprocess.run(
                [PROGRAMS / "initdb", "-D", self.data.resolve(), "-U", "stoa", f"--pwfile={password.name}",
                 "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"],
                capture_output=True, text=True, cwd="/", **as_user(self.user()))
        if result.returncode:
            raise StackError(f"initdb failed:\n{result.stderr}")

    def _forget_the_dead(self):
        """After a kill -9 the lock file names a process that may still wait, dead, for its parent to notice;
        PostgreSQL takes that for a running server. Its children have gone once none works in the data folder."""
        lock = self.data / "postmaster.pid"
        if not lock.exists() or start_time(int(lock.read_text().split()[0])):
            return
        if not wait_for(lambda: not working_in(self.data.resolve()), 15):
            raise StackError(f"processes {working_in(self.data.resolve())} of a killed server do not end; end them by hand")
        lock.unlink()

    def _make_data_folder(self):
        """Under build/stack/ when the server's account can get there; else, say below /root, under /var/tmp."""
        folder, user = self.data, self.user()
        if user and not reachable(self.folder, user):
            folder = Path("/var/tmp") / f"stoa-stack-{hashlib.sha256(str(self.data).encode()).hexdigest()[:12]}"
            shutil.rmtree(folder, ignore_errors=True)
            if self.data.is_symlink():
                self.data.unlink()
            self.data.symlink_to(folder)
        folder.mkdir(mode=0o700, exist_ok=True)
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)

    def command(self):
        settings = {"listen_addresses": "127.0.0.1", "port": self.port(), "unix_socket_directories": "", "fsync": "on",
                    "synchronous_commit": "on", "max_connections": 300, "log_min_messages": "warning",
                    "logging_collector": "off", "timezone": "UTC"}
        return [PROGRAMS / "postgres", "-D", str(self.data.resolve())] + [f"--{key}={value}" for key, value in settings.items()]

    def healthy(self):
        return self._psql("postgres", "select 1") == "1"

    def after_start(self):
        if self._psql("postgres", "select count(*) from pg_database where datname = 'stoa'") != "1":
            self._psql("postgres", "create database stoa")

    def version(self):
        return self._psql("postgres", "show server_version").split()[0]

    def environment(self):
        return {"STOA_TEST_POSTGRESQL": f"postgresql://stoa@127.0.0.1:{self.port()}/stoa",
                "STOA_TEST_POSTGRESQL_PASSWORD": self.secret("password")}

    def _psql(self, database, statement):
        result = subprocess.run(
            [PROGRAMS / "psql", "-XAtqw", "-h", "127.0.0.1", "-p", str(self.port()), "-U", "stoa", "-d", database, "-c", statement],
            env={**os.environ, "PGPASSWORD": self.secret("password"), "PGCONNECT_TIMEOUT": "3"},
            capture_output=True, text=True)
        return result.stdout.strip()


def reachable(folder, user):
    """Whether this account may enter the folder."""
    return subprocess.run(["test", "-x", folder], cwd="/", **as_user(user)).returncode == 0


def working_in(folder):
    """The living processes whose current folder this is."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and Path(os.readlink(entry / "cwd")) == folder and start_time(int(entry.name)):
                found.append(int(entry.name))
        except OSError:
            continue  # gone meanwhile, or not ours to ask
    return found
