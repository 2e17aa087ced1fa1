-- wrk: each request with the next of the keys in KEYS_FILE, so that all accounts are charged.
local keys = {}
for line in io.lines(os.getenv("KEYS_FILE")) do keys[#keys + 1] = line end
local accept = os.getenv("ACCEPT_ENCODING")
local next_key = 0
local requests = {}
-- LuaJIT tells long strings apart by their ends and four bytes in their middle, and takes minutes for
-- a million that are the same there: a line behind the keys, where they are many, moves them there.
local MANY = 10000
function init()
    local opening = "GET " .. os.getenv("TARGET") .. " HTTP/1.1\r\nHost: " .. wrk.host ..
        ":" .. wrk.port .. "\r\nx-api-key: "
    local closing = "\r\n"
    if accept and accept ~= "" then closing = closing .. "Accept-Encoding: " .. accept .. "\r\n" end
    if #keys > MANY then
        closing = closing .. "x-filling: " .. string.rep("-", #opening - #closing - 15) .. "\r\n"
    end
    for i, key in ipairs(keys) do requests[i] = opening .. key .. closing .. "\r\n" end
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
