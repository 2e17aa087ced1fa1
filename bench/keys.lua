-- wrk: each request with the next of the keys in KEYS_FILE, so that all accounts are charged.
local keys = {}
for line in io.lines(os.getenv("KEYS_FILE")) do keys[#keys + 1] = line end
local accept = os.getenv("ACCEPT_ENCODING")
local next_key = 0
local requests = {}
function init()
    for i, key in ipairs(keys) do
        local headers = { ["x-api-key"] = key }
        if accept and accept ~= "" then headers["Accept-Encoding"] = accept end
        requests[i] = wrk.format("GET", os.getenv("TARGET"), headers)
    end
end
function request()
    next_key = next_key % #requests + 1
    return requests[next_key]
end
function done(summary, latency)
    io.write(string.format("RESULT %d %d %d %d %.0f %.0f\n", summary.requests, summary.duration,
        summary.errors.status, summary.errors.connect + summary.errors.read +
        summary.errors.write + summary.errors.timeout, latency:percentile(50),
        latency:percentile(99)))
end
