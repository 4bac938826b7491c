# Steps with a name, a log file and a wall time; sourced by ./dev.

STOA_ROOT=$PWD
LOG_DIR=$STOA_ROOT/build/log

# die MESSAGE: says what is wrong and what to do about it, and ends the command.
die() {
    printf './dev: %s\n' "$*" >&2
    exit 1
}

# misuse MESSAGE: as die, for a command line that is not understood.
misuse() {
    printf './dev: %s\nSee ./dev help.\n' "$*" >&2
    exit 2
}

# since START: seconds since START (microseconds), with one decimal.
since() {
    local tenths=$(((${EPOCHREALTIME/[.,]/} - $1) / 100000))
    printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}

# step TITLE COMMAND…: runs COMMAND with its output in a log file and prints one line with the wall time.
# A failure shows the end of the log and ends ./dev. Not to be called from a condition: bash would
# then ignore `set -e` inside COMMAND.
step() {
    local title=$1 start=${EPOCHREALTIME/[.,]/} code=0 log
    shift
    mkdir -p "$LOG_DIR"
    log=$LOG_DIR/$(tr -cs 'a-z0-9\n' '-' <<<"${title,,}" | sed 's/-*$//').log
    printf '==> %s…' "$title"
    set +e
    (set -e; "$@") </dev/null >"$log" 2>&1
    code=$?
    set -e
    finish_step "$title" "$start" "$code" "$log"
}

# step_shown TITLE COMMAND…: as step, with COMMAND's output on the terminal.
step_shown() {
    local title=$1 start=${EPOCHREALTIME/[.,]/} code=0
    shift
    printf '==> %s…\n' "$title"
    set +e
    (set -e; "$@")
    code=$?
    set -e
    printf '==> %s' "$title"
    finish_step "$title" "$start" "$code" ""
}

finish_step() {
    local title=$1 start=$2 code=$3 log=$4
    if [ "$code" -eq 0 ]; then
        printf '  %s s\n' "$(since "$start")"
        return
    fi
    printf '  failed after %s s\n' "$(since "$start")"
    if [ -n "$log" ]; then
        printf '%s\n' "--- the end of ${log#"$STOA_ROOT"/}:" >&2
        tail -n 40 "$log" >&2
    fi
    die "\"$title\" failed (exit code $code)${log:+; the whole output is in ${log#"$STOA_ROOT"/}}"
}
