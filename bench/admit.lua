-- The same exact decision as ours: at most N calls in any 60,000 ms, the day's and the period's
-- credits, and a record of the charge; atomically, as Redis runs scripts one at a time.
local account = redis.call('HGET', 'keys', redis.sha1hex(ARGV[1]))
if not account then return {'key'} end
local limit, included, cost = 1000000, 1000000000, tonumber(ARGV[2])
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local window = 'window:' .. account
redis.call('ZREMRANGEBYSCORE', window, '-inf', ms - 60000)
local taken = redis.call('ZCARD', window)
if taken >= limit then return {'rate'} end
local day = redis.call('HINCRBY', 'day:' .. account, math.floor(ms / 86400000), cost)
local used = redis.call('HINCRBY', 'period:' .. account, 'used', cost)
if used > included then
    redis.call('HINCRBY', 'day:' .. account, math.floor(ms / 86400000), -cost)
    redis.call('HINCRBY', 'period:' .. account, 'used', -cost)
    return {'credits'}
end
redis.call('ZADD', window, ms, ARGV[3])
redis.call('XADD', 'journal', '*', 'a', account, 'c', cost, 'id', ARGV[3])
return {'ok', limit - taken - 1, included - used}
