-- Something to profile: a function of the script that is hot, and evaluations beneath another one.
--
--     llmspell run examples/profile_me/profile_me.lua --profile profile.svg
--     llmspell profile examples/profile_me/profile_me.lua --runs 50 --open speedscope:profile.speedscope.json

local messages = {
    "fix",
    "wip: orders",
    "Refuse discount codes that have run out",
    "Let two people edit one order without losing lines",
}

-- How many letters must change to make one message of another: the slow way, on purpose.
local function distance(a, b)
    local row = {}
    for j = 0, #b do
        row[j] = j
    end
    for i = 1, #a do
        local left, above = i, i - 1
        for j = 1, #b do
            local changed = if a:byte(i) == b:byte(j) then above else above + 1
            above = row[j]
            left = math.min(changed, above + 1, left + 1)
            row[j] = left
        end
        row[0] = i
    end
    return row[#b]
end

local function nearest(message)
    local best, closest = math.huge, ""
    for _, other in messages do
        if other ~= message then
            local steps = distance(message, other)
            if steps < best then
                best, closest = steps, other
            end
        end
    end
    return closest, best
end

local function judge(message)
    return Cupcake.eval({
        hook_event_name = "PreToolUse",
        tool_name = "Bash",
        tool_input = { command = `git commit -m '{message}'` },
    })
end

for _, message in messages do
    local decision = judge(message)
    local closest, steps = nearest(message)
    print(`{decision.decision}: {message}`)
    if decision.reason ~= "" then
        print(`  {decision.reason}`)
    end
    print(`  nearest, {steps} letters away: {closest}`)
end
