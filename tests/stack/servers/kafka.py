"""Apache Kafka 4.1.0, one KRaft node, from the jars that kafka/pom.xml pins."""

import base64
import os
import subprocess
import uuid
from pathlib import Path

import server
from server import StackError, answers

VERSION = "4.1.0"
POM = Path(__file__).parent.parent / "kafka" / "pom.xml"
TEMPLATE = POM.with_name("server.properties.in")


class Server(server.Server):
    name = "kafka"
    ports = ("port", "controller")
    ready_within = 90
    advertised = None  # the port that clients are told, when it is not the broker's own

    def prepare(self):
        libs = self._libs()
        properties = self.folder / "server.properties"
        properties.write_text(TEMPLATE.read_text().replace("@PORT@", str(self.port())).replace(
            "@CONTROLLER_PORT@", str(self.port("controller"))).replace("@DATA@", str(self.data)).replace(
            "@ADVERTISED@", str(self.advertised or self.port())))
        if (self.data / "meta.properties").exists():
            return
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
        self.data.mkdir(exist_ok=True)
        result = subprocess.run(
            ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", f"{libs}/*", "kafka.tools.StorageTool", "format",
             "-t", cluster, "-c", properties], capture_output=True, text=True)
        if result.returncode:
            raise StackError(f"Kafka's storage could not be formatted:\n{result.stdout}{result.stderr}")

    def _libs(self):
        """The jars, fetched once by Maven; kept by `stack down --clean`."""
        libs = self.stack / "jars" / f"kafka-{VERSION}"
        if not libs.exists():
            fetched = libs.with_name(libs.name + ".part")
            result = subprocess.run(
                ["mvn", "-q", "-B", "-f", POM, "dependency:copy-dependencies", f"-DoutputDirectory={fetched}"],
                capture_output=True, text=True)
            if result.returncode:
                raise StackError("Maven could not fetch Kafka; is the network there, and a mirror in your Maven "
                                 f"settings where one is needed?\n{result.stdout[-2000:]}{result.stderr[-2000:]}")
            fetched.rename(libs)
        return libs

    def command(self):
        # Half of the JIT is soon done and slower for good: what is measured gets a broker with the whole.
        compiler = [] if os.environ.get("STOA_STACK_MEASURED") else ["-XX:TieredStopAtLevel=1"]
        return ["java", "-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", *compiler,
                "-cp", f"{self._libs()}/*", "kafka.Kafka", str(self.folder / "server.properties")]

    def healthy(self):
        """The listener opens once the broker has registered and caught up."""
        return answers(self.port())

    def version(self):
        jar = next(self._libs().glob("kafka_2.13-*.jar"))
        return jar.stem.rpartition("-")[2]

    def environment(self):
        return {"STOA_TEST_KAFKA": f"127.0.0.1:{self.advertised or self.port()}"}
