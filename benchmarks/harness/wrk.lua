-- Sends the requests of the file REQUESTS one after the other, over and over: lines of method, path, headers (as
-- "Name: value" joined by "|") and body, separated by tabs. Prints one line of JSON at the end; times in milliseconds.
local requests, place = {}, 0

function init()
  for line in io.lines(os.getenv("REQUESTS")) do
    local method, path, headers, body = line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$")
    local sent = {}
    for header in headers:gmatch("[^|]+") do
      local name, value = header:match("^([^:]+): (.*)$")
      sent[name] = value
    end
    requests[#requests + 1] = wrk.format(method, path, sent, body ~= "" and body or nil)
  end
end

function request()
  place = place % #requests + 1
  return requests[place]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    'JSON{"requests":%d,"seconds":%.6f,"bytes":%d,"errors":%d,"p50":%.3f,"p95":%.3f,"p99":%.3f}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, e.status + e.connect + e.read + e.write + e.timeout,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000))
end
