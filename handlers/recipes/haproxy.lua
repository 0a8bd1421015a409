-- Asks Keyport whether a call may pass. HAProxy looks Keyport's name up in DNS,
-- not in /etc/hosts.
local credentials = { {{- range $i, $name := .Credentials}}{{if $i}}, {{end}}"{{lower $name}}"{{end -}} }
local identity = { {{- range $i, $name := .Identity}}{{if $i}}, {{end}}"{{lower $name}}"{{end -}} }

-- all returns every line of a header.
local function all(lines)
  local values = {}
  for i = 0, #lines do
    values[#values + 1] = lines[i]
  end
  return values
end

local function refuse(txn, answer)
  local known = { [400] = true, [401] = true, [403] = true, [429] = true }
  local reply = txn:reply({ status = answer and known[answer.status] and answer.status or 503 })
  for _, name in ipairs({ "www-authenticate", "retry-after" }) do
    if answer and answer.headers and answer.headers[name] then
      reply:add_header(name, answer.headers[name][0])
    end
  end
  reply:add_header("cache-control", "no-store")
  txn:done(reply)
end

core.register_action("keyport", { "http-req" }, function(txn, url)
  local sent = txn.http:req_get_headers()
  local headers = {
    ["x-forwarded-method"] = { txn.f:method() },
    ["x-forwarded-uri"] = { txn.f:path() },
    ["x-forwarded-for"] = { txn.f:src() },
  }
  for _, name in ipairs({ "user-agent", table.unpack(credentials) }) do
    if sent[name] then
      headers[name] = all(sent[name])
    end
  end
  -- HAProxy tries four times: a call waits eight seconds at most.
  local answer = core.httpclient():get({ url = url, headers = headers, timeout = 2000 })
  if not answer or answer.status ~= 200 or not answer.headers["x-keyport-key-id"] then
    return refuse(txn, answer)
  end
  for _, name in ipairs(identity) do
    txn.http:req_set_header(name, answer.headers[name] and answer.headers[name][0] or "")
  end
  for _, name in ipairs(credentials) do
    txn.http:req_del_header(name)
  end
  txn:set_var("txn.keyport", "passes")
end, 1)
