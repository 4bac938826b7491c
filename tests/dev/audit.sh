# ./dev audit: reserved for the auditor of the shop's invariants.

audit_main() {
    echo "./dev: there is no auditor yet; it comes with the proof under faults" >&2
    exit 2
}
