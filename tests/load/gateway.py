"""What the way through the gateway costs: a GET through it to a service in another host, against nginx that proxies to the
same host, in turn."""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD, RUN = ROOT / "build" / "release", ROOT / "build" / "bench" / "gateway"
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("load/support", "fleet")]

from contest import contest, program
from figures import figure, median_of
from fleet import Fleet
from ports import free_port

CONNECTIONS = [32, 256]
PATH = "/api/v1/hellos/at-once"
# As many processes as the gateway's host has threads, connections to the service kept, no access log on either side.
NGINX = """
daemon off;
worker_processes 2;
pid {run}/nginx.pid;
error_log {run}/nginx.log;
events {{ worker_connections 2048; }}
http {{
  access_log off;
  client_body_temp_path {run}/body; proxy_temp_path {run}/proxy; fastcgi_temp_path {run}/fastcgi;
  uwsgi_temp_path {run}/uwsgi; scgi_temp_path {run}/scgi;
  keepalive_requests 1000000000;
  upstream service {{ server 127.0.0.1:{service}; keepalive 256; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port} reuseport;
    location / {{ proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""


def main():
    shutil.rmtree(RUN, ignore_errors=True)
    figures = []
    with Fleet(RUN, ROOT / "tests" / "load" / "topologies" / "behind-the-gateway.yaml", BUILD, override={"log": {"level": "warn"}}) as fleet:
        fleet.start()
        fleet.wait_until_ready()
        port, service = free_port(), fleet.host_of("hello").ports["internal"]
        (RUN / "nginx.conf").write_text(NGINX.format(run=RUN, port=port, service=service))
        with program(["/usr/sbin/nginx", "-e", str(RUN / "nginx.log"), "-c", str(RUN / "nginx.conf")], port, PATH):
            urls = {"nginx": f"http://127.0.0.1:{port}{PATH}", "gateway": f"{fleet.gateway}{PATH}"}
            for connections in CONNECTIONS:
                results = contest(urls, connections)
                for metric, unit in (("requests_per_second", "1/s"), ("p99_ms", "ms"), ("p999_ms", "ms")):
                    figures.append(figure("gateway", f"get-{connections}", metric, median_of(results["gateway"], metric), unit,
                                          "nginx", median_of(results["nginx"], metric)))
    print(*figures, sep="\n")


if __name__ == "__main__":
    main()
