-- Asks the policies of .cupcake/ about every recorded event and shows what they decide.
--
--     llmspell run examples/policy_gate/policy_gate.lua
--     llmspell run examples/policy_gate/policy_gate.lua -- deny      only the events that are denied

local only = arg[1]

-- What the agent wants to do, in one line.
local function wish(event)
    local input = event.tool_input
    if event.hook_event_name == "PreToolUse" then
        return event.tool_name .. " " .. (input.command or input.file_path or input.url or input.sql)
    elseif event.hook_event_name == "PostToolUse" then
        return "go on after " .. event.tool_name .. " " .. (input.command or input.file_path or input.url or input.sql)
    elseif event.hook_event_name == "UserPromptSubmit" then
        return "answer: " .. event.prompt
    elseif event.hook_event_name == "SessionStart" then
        return "start a session (" .. event.source .. ")"
    elseif event.hook_event_name == "Stop" then
        return "stop: " .. event.last_assistant_message
    end
    return event.hook_event_name
end

local function verdict(decision)
    if decision.default then
        return decision.decision .. " (no rule spoke)"
    elseif decision.reason == "" then
        return decision.decision
    end
    return decision.decision .. ": " .. decision.reason
end

local function changed_input(event, decision)
    local keys = {}
    for key, value in pairs(decision.updated_input) do
        if event.tool_input[key] ~= value then
            table.insert(keys, key)
        end
    end
    table.sort(keys)
    return keys
end

local function phases(timings)
    local parts = {}
    for _, phase in ipairs({ "route", "signals", "evaluate", "synthesize", "total" }) do
        if timings[phase] then
            table.insert(parts, string.format("%s %.1f µs", phase, timings[phase]))
        end
    end
    return table.concat(parts, ", ")
end

local function show(name, event, decision)
    print("== " .. name)
    print("  wants     " .. wish(event))
    print("  decision  " .. verdict(decision))
    for _, rule in ipairs(decision.rules) do
        print(string.format("  rule      %s says %s (%s), %s:%d", rule.rule_id, rule.verb, rule.severity, rule.file, rule.line))
    end
    for _, message in ipairs(decision.agent_messages) do
        print("  advice    " .. message)
    end
    for _, context in ipairs(decision.context) do
        print("  context   " .. context)
    end
    if decision.decision == "modify" then
        for _, key in ipairs(changed_input(event, decision)) do
            print(string.format("  changes   %s to %s", key, tostring(decision.updated_input[key])))
        end
    end
    for _, problem in ipairs(decision.errors) do
        print(string.format("  error     %s in %s: %s", problem.kind, problem.policy, problem.message))
    end
    print("  phases    " .. phases(decision.timings_us))
    print("")
end

for _, item in ipairs(Cupcake.events()) do
    local timer = Debug.timer("policy_gate.event")
    local decision = Cupcake.eval(item.event)
    timer:lap("decided")
    if only == nil or decision.decision == only then
        show(item.name, item.event, decision)
    end
    timer:stop()
end

-- An error on purpose: the order has no address. The handler runs where the error happens,
-- so the trace still has every function with its variables.
local function shipping_cost(order)
    local base = 4.9
    local weight = #order.items * 0.3
    local country = order.address.country
    return base + weight * country.surcharge
end

local function checkout(order)
    local items = #order.items
    local cost = shipping_cost(order)
    return items * cost
end

print("== A script error in Lua, made on purpose")
xpcall(checkout, function(message)
    print("  " .. message)
    print(Debug.stackTrace({ capture_locals = true }))
end, { id = 4711, items = { "cup", "cake" } })

print("== Timers")
print(Debug.performanceReport())
