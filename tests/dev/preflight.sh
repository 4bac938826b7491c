# What the machine must have before anything starts. Each refusal says what to do.

# preflight: distribution, disk and memory.
preflight() {
    local id='' version='' need_disk_gb=5 disk_gb memory_gb
    # shellcheck source=/dev/null
    { id=$(. /etc/os-release && echo "$ID") && version=$(. /etc/os-release && echo "${VERSION_ID:-}"); } || true
    if [ "$id $version" != "debian 12" ] && [ -z "${STOA_ANY_DISTRIBUTION:-}" ]; then
        die "this is \"$id $version\", and Stoa is built on Debian 12; use a Debian 12 machine or container, or set STOA_ANY_DISTRIBUTION=1 to try here"
    fi
    # Once the tree is built, little more is written.
    [ ! -e build/release/build.ninja ] || need_disk_gb=1
    disk_gb=$(($(df -Pk . | awk 'NR == 2 { print $4 }') / 1048576))
    [ "$disk_gb" -ge "$need_disk_gb" ] ||
        die "$disk_gb GB are free on the disk of $STOA_ROOT, $need_disk_gb GB are needed; free some, or clone to a larger disk"
    memory_gb=$(($(available_memory_kb) / 1000000))
    [ "$memory_gb" -ge 3 ] ||
        die "$memory_gb GB of memory are available, 3 GB are needed; stop other programs, or raise the limit of this container"
}

# The memory and swap that is left, within the limit of the control group when there is one.
available_memory_kb() {
    local free limit used
    free=$(awk '/^(MemAvailable|SwapFree):/ { sum += $2 } END { print sum }' /proc/meminfo)
    limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || echo max)
    if [ "$limit" != max ]; then
        used=$(awk '/^(anon|slab) / { sum += $2 } END { print sum }' /sys/fs/cgroup/memory.stat)
        limit=$(((limit - used) / 1024))
        [ "$limit" -ge "$free" ] || free=$limit
    fi
    echo "$free"
}

# port_free PORT: refuses when somebody listens on this loopback port.
port_free() {
    if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then
        die "port $1 is taken; stop what listens there ($(port_owner "$1")), or choose another one with --port N"
    fi
}

port_owner() {
    command -v ss >/dev/null || { echo "find it with: ss -ltnp"; return; }
    ss -Hltnp "sport = :$1" | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1, pid \2/p' | head -n 1 | grep . || echo "another user's process"
}
