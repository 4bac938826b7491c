"""Asks every service, and the gateway, for what its OpenAPI document says and for what it doesn't: run.py --build DIR [SERVICE…].

Schemathesis makes the requests from the documents as the hosts serve them and compares the answers with them.
"""

import argparse
import shutil
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "integration"), str(ROOT / "tests" / "fleet"), str(ROOT / "tests")]

import private
import settings
from shop import delivered
from support import surroundings
from support.orders import Asker, fleet_key
from support.routes import manifests
from support.scenario import Scenario

PROGRAM = ROOT / "build" / "venv" / "bin" / "st"
OPTIONS = argparse.Namespace(examples=10, seed=1, only=[])


class AnswersFitTheirDocuments(Scenario):
    audit_after = "never"  # it is not a shop's life: payments without orders, parcels of nothing

    def setUp(self):
        ada, bread = self.customer("ada"), self.product(stock=5)
        ada.wait(ada.buy([(bread, 1)])["orderId"], delivered)  # so that there is something to find
        self.asker = Asker(fleet_key(self.fleet), ["order"])

    def documents(self) -> dict:
        """By service: where the document is, and where its paths are."""
        found = {}
        for service in manifests():
            ports = self.fleet.host_of(service).ports
            found[service] = (f"http://127.0.0.1:{ports['ops']}/services/{service}/openapi.json", f"http://127.0.0.1:{ports['internal']}")
        found["gateway"] = (found["gateway"][0], self.fleet.gateway)
        found["edge"] = (f"{self.fleet.gateway}/openapi.json", self.fleet.gateway)
        return {service: places for service, places in found.items() if not OPTIONS.only or service in OPTIONS.only}

    def secrets(self, service) -> dict:
        secrets = {"bearer": ("bearer", self.staff)}
        if service != "edge":
            secrets["service"] = ("api_key", self.asker.token("order", service))
        if service.startswith("sandbox_"):
            name = {"sandbox_psp": "psp-key", "sandbox_carrier": "carrier-key"}[service]
            secrets["Key"] = ("api_key", private.secret(self.fleet.run, name).read_text())
        return secrets

    def ask(self, service, document, base):
        """The exit code, and what was found."""
        folder = surroundings.run / service
        folder.mkdir()
        config = folder / "schemathesis.toml"
        config.write_text(settings.configuration(self.secrets(service), OPTIONS.examples, OPTIONS.seed))
        done = subprocess.run([PROGRAM, f"--config-file={config}", "run", document, f"--url={base}", "--checks=all", "--no-color"],
                              cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        (folder / "report.txt").write_text(done.stdout)
        return done.returncode, done.stdout

    def test_every_document(self):
        documents = self.documents()
        with ThreadPoolExecutor(2) as pool:
            results = dict(zip(documents, pool.map(lambda service: self.ask(service, *documents[service]), documents)))
        for service, (code, text) in results.items():
            with self.subTest(service=service):
                self.assertEqual(code, 0, text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("only", nargs="*", help="only these services; \"edge\" is the gateway's document of all of them")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release")
    parser.add_argument("--examples", type=int, default=OPTIONS.examples, help="made up for each operation, beside those that cover its schema")
    parser.add_argument("--seed", type=int, default=OPTIONS.seed)
    parser.add_argument("--run", type=Path, help="the folder for data, logs and reports; emptied")
    parser.parse_args(namespace=OPTIONS)
    surroundings.build = OPTIONS.build.resolve()
    surroundings.run = OPTIONS.run or surroundings.build / "openapi-run"
    shutil.rmtree(surroundings.run, ignore_errors=True)
    surroundings.run.mkdir(parents=True)
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(AnswersFitTheirDocuments)
    if not unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(suite).wasSuccessful():
        sys.exit(f"the hosts' logs and Schemathesis's reports are in {surroundings.run}")


if __name__ == "__main__":
    main()
