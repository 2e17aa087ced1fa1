-- One call: the whole decision is admit.lua's on Redis, over a kept connection.
local connection = redis:new()
connection:set_timeout(5000)
local ok, fault = connection:connect("unix:@FOLDER@/redis.sock")
if not ok then
    ngx.log(ngx.ERR, fault)
    return ngx.exit(503)
end
local answer, refused = connection:evalsha("@SHA@", 0, ngx.var.http_x_api_key or "", "8",
                                           ngx.var.request_id)
connection:set_keepalive(60000, 512)
if not answer then
    ngx.log(ngx.ERR, refused)
    return ngx.exit(503)
end
if answer[1] ~= "ok" then
    return ngx.exit(answer[1] == "rate" and 429 or 402)
end
ngx.header["RateLimit"] = '"minute";r=' .. answer[2] .. ';t=60'
ngx.header["X-Credits-Remaining"] = answer[3]
ngx.header["X-Charge-Id"] = ngx.var.request_id
