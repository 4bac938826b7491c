# Builds toxiproxy, which tests/faults puts between a host and its servers; done once.

TOXIPROXY=github.com/Shopify/toxiproxy/v2/cmd/server@v2.7.0

toxiproxy() {
    local bin=$PWD/build/tools
    [ ! -x "$bin/toxiproxy-server" ] || return 0
    step "build toxiproxy" build_toxiproxy "$bin"
}

build_toxiproxy() {
    mkdir -p "$1"
    GOBIN=$1 GOTOOLCHAIN=local go install "$TOXIPROXY"
    mv "$1/server" "$1/toxiproxy-server"
}
