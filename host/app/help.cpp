#include "host/app/help.h"

namespace stoa::host::app {

std::string_view helpText() {
    return R"(usage: host [OPTION…] --plugin=FILE [--plugin=FILE…]
       host [OPTION…] --config=FILE
       host config [--explain | --write-default] [OPTION…]
       host crash-points
       host certify --fleet-key=FILE --host-key=FILE --host-id=ID --services=NAME[,NAME…] [--days=N]

Runs services, each a plugin loaded from a shared library, in one process, until SIGTERM, SIGINT or `stoactl drain`.

options
  -p, --plugin=FILE        run this plugin; may be repeated. After an upgrade the newer version that was recorded runs,
                           as long as FILE is what it was staged from
      --plugin-exact=FILE  run exactly this file, whatever was recorded; may be repeated
  -c, --config=FILE        read this host.yaml, and plugins.d/*.yaml beside it
  -s, --state=DIRECTORY    keep identity, databases and events here (./stoa-state)
  -l, --listen=ADDR:PORT   listen for clients here, the edge (127.0.0.1:8080)
  -w, --watch              for development: when a plugin's file is rebuilt, swap it in; a refused one is logged, and what
                           runs goes on
      --set=KEY=VALUE      set any configuration key; may be repeated
  -h, --help               show this and exit
      --version            show the versions of host and ABI, and exit

host config: the configuration
      --explain            show every value in force and where it came from (what `host config` does anyway)
      --write-default      print host.yaml with every key at its default and a line about it

host certify: prints a certificate for a host that does not hold the fleet's private key (its security.certificate)
      --fleet-key=FILE     the fleet's private key
      --host-key=FILE      the host's public key: host.pub in its state directory
      --host-id=ID         what host_id in its state directory says
      --services=NAMES     the services that it may speak for, with commas between them
      --days=N             how long the certificate is good (365)

host crash-points: lists the moments at which a test can have this host kill itself (host/base/crash_point.h)

Later layers win: defaults, host.yaml, plugins.d, variables (STOA_HTTP_THREADS=4), options.

examples
  host --plugin=order.so
  host --config=host.yaml --set http.threads=4
  host --config=host.yaml config --explain

exit: 0 stopped when asked · 64 wrong arguments · 69 a port, a file, a server or the state directory is not to be had ·
      70 a plugin could not be loaded · 78 the configuration is wrong
)";
}

}  // namespace stoa::host::app
