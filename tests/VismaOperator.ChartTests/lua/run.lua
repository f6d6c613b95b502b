-- Runs a script of Argo CD as Argo CD does: with the global obj, the base and table libraries, os.date and os.time, and nothing else
-- (no string methods either). Arguments: the script, and a Lua chunk that returns the object. Prints the answer as JSON.
local script, object = arg[1], arg[2]

local function quote(text)
  return '"' .. text:gsub('[%c"\\]', function(c) return string.format("\\u%04x", c:byte()) end) .. '"'
end

local function json(value)
  if type(value) == "table" then
    local members = {}
    if #value > 0 then
      for _, item in ipairs(value) do members[#members + 1] = json(item) end
      return "[" .. table.concat(members, ",") .. "]"
    end
    for key, item in pairs(value) do members[#members + 1] = quote(key) .. ":" .. json(item) end
    return "{" .. table.concat(members, ",") .. "}"
  end
  return type(value) == "string" and quote(value) or tostring(value)
end

local sandbox = {
  obj = dofile(object),
  ipairs = ipairs, pairs = pairs, type = type, tostring = tostring, tonumber = tonumber, next = next, select = select, error = error, pcall = pcall,
  table = { concat = table.concat, insert = table.insert, remove = table.remove, sort = table.sort },
  os = { date = os.date, time = os.time },
}

local chunk = assert(loadfile(script, "t", sandbox))
local methods = getmetatable("").__index
getmetatable("").__index = nil
local answer = chunk()
getmetatable("").__index = methods
print(json(answer))
