-- Health of every kind of the operator, for Argo CD. It uses no library: Argo CD opens hardly any for health checks.

local function condition(name)
  for _, found in ipairs(obj.status.conditions or {}) do
    if found.type == name then
      return found
    end
  end
  return {}
end

local function health(status, message)
  return { status = status, message = message or "" }
end

if obj.metadata.deletionTimestamp ~= nil then
  return health("Progressing", "Being deleted")
end

-- Before the operator has looked at this generation its conditions speak of another one.
if obj.status == nil or obj.status.conditions == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return health("Progressing", "Waiting for the operator")
end

if obj.spec.suspend == true then
  return health("Suspended", condition("Ready").message)
end

-- Stalled comes first: a token may still be valid while its renewal needs a person, and that should be seen before it expires.
local stalled = condition("Stalled")
if stalled.status == "True" then
  return health("Degraded", stalled.message)
end

local ready = condition("Ready")
if ready.status == "True" then
  -- An outage of the provider while the token is still good harms nobody yet, nor does a client secret or a consent that ends soon,
  -- and a token of fewer scopes is good for those. The message of Ready tells each of these causes.
  return health("Healthy", ready.message)
end

local reconciling = condition("Reconciling")
if reconciling.status == "True" then
  return health("Progressing", reconciling.message)
end

return health("Degraded", ready.message)
