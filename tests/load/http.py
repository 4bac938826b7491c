"""What the host's HTTP costs: a plugin's hello on the I/O thread and on a worker, against the same answer from bare
Boost.Beast and from RESTinio, all with two threads and without a log line per request, in turn."""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD, RUN = ROOT / "build" / "release", ROOT / "build" / "bench" / "http"
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("load/support", "fleet")]

from contest import contest, program
from figures import figure, median_of
from fleet import Fleet
from ports import free_port

THREADS = 2
CONNECTIONS = [32, 256]


def figures_of(connections, results):
    beast = results["beast"]
    for name in ("nonblocking", "worker", "restinio"):
        case = f"{name}-{connections}"
        yield figure("http", case, "requests_per_second", median_of(results[name], "requests_per_second"), "1/s",
                     "beast", median_of(beast, "requests_per_second"))
        for metric in ("p99_ms", "p999_ms"):
            yield figure("http", case, metric, median_of(results[name], metric), "ms", "beast", median_of(beast, metric))


def main():
    shutil.rmtree(RUN, ignore_errors=True)
    figures = []
    beast, restinio = free_port(), free_port()
    topology = ROOT / "tests" / "load" / "topologies" / "together.yaml"
    with (Fleet(RUN, topology, BUILD, override={"http": {"threads": THREADS}, "log": {"level": "warn"}}) as fleet,
          program([BUILD / "bin" / "beast_server", str(beast), str(THREADS)], beast),
          program([BUILD / "bin" / "restinio_server", str(restinio), str(THREADS)], restinio)):
        fleet.start()
        fleet.wait_until_ready()
        stoa = f"http://127.0.0.1:{fleet.host_of('hello').ports['internal']}/api/v1/hellos"
        urls = {"beast": f"http://127.0.0.1:{beast}/", "nonblocking": f"{stoa}/at-once", "worker": f"{stoa}/on-a-worker",
                "restinio": f"http://127.0.0.1:{restinio}/"}
        for connections in CONNECTIONS:
            figures += figures_of(connections, contest(urls, connections))
    print(*figures, sep="\n")


if __name__ == "__main__":
    main()
