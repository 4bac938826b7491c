-- The figures of a run as one line of JSON.
function done(summary, latency)
    local errors = summary.errors
    io.write(string.format('\n{"requests": %d, "seconds": %f, "errors": %d, "p99_us": %d, "p999_us": %d}\n', summary.requests,
        summary.duration / 1e6, errors.connect + errors.read + errors.write + errors.status + errors.timeout,
        latency:percentile(99), latency:percentile(99.9)))
end
