-- Asks Keyport whether a call may pass.
local http, ltn12, socket = require "socket.http", require "ltn12", require "socket"

local verify = "{{.ScriptURL}}"
local credentials = { {{- range $i, $name := .Credentials}}{{if $i}}, {{end}}"{{$name}}"{{end -}} }
local identity = { {{- range $i, $name := .Identity}}{{if $i}}, {{end}}"{{$name}}"{{end -}} }
local dropped = { {{- range $i, $name := .Overrides}}{{if $i}}, {{end}}"{{$name}}"{{end -}} }
local passed_on = { [400] = true, [401] = true, [403] = true, [429] = true }

local function connection()
  local s = socket.tcp()
  s:settimeout(5)
  return s
end

-- clean takes away what callers send under Keyport's names, and names that only
-- look like those. What Connection names would be taken away later.
local function clean(r)
  for name in pairs(r:headers_in_table()) do
    if name:find("_", 1, true) or name:lower():find("^x%-keyport%-") then
      r.headers_in[name] = nil
    end
  end
  for _, name in ipairs(dropped) do
    r.headers_in[name] = nil
  end
  local connection = r.headers_in["Connection"]
  if connection then
    local upgrade = connection:lower():find("upgrade", 1, true)
    r.headers_in["Connection"] = upgrade and "Upgrade" or connection:lower():find("close", 1, true) and "close" or nil
  end
end

function check(r)
  clean(r)
  local headers = {
    ["X-Forwarded-Method"] = r.method,
    ["X-Forwarded-Uri"] = r.unparsed_uri,
    ["X-Forwarded-For"] = r.useragent_ip,
    ["User-Agent"] = r.headers_in["User-Agent"],
  }
  for _, name in ipairs(credentials) do
    headers[name] = r.headers_in[name]
    r.headers_in[name] = nil
  end
  local _, status, answer = http.request({ url = verify, headers = headers, redirect = false, create = connection, sink = ltn12.sink.null() })
  if status == 200 and answer["x-keyport-key-id"] then
    for _, name in ipairs(identity) do
      r.headers_in[name] = answer[name:lower()] or ""
    end
    return apache2.OK
  end
  if type(answer) == "table" then
    r.err_headers_out["WWW-Authenticate"] = answer["www-authenticate"]
    r.err_headers_out["Retry-After"] = answer["retry-after"]
  end
  return passed_on[status] and status or 503
end
