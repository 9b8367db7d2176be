-- The first steps with Debug: messages, a timer, a dump and a stack trace.
--
--     llmspell run examples/hello/hello.lua
--     llmspell run examples/hello/hello.lua --debug debug      also shows the debug message

print("hello")

-- Messages go to standard error, so that standard output stays the script's answer.
Debug.info("the script starts", "hello")
Debug.debug("this one is for people who look for something", "hello")

local timer = Debug.timer("hello.work")
local squares = {}
for number = 1, 5 do
    squares[number] = number * number
end
timer:lap("squares")
timer:stop()

print("== A dump in Lua")
print(Debug.dump({ name = "hello", squares = squares, nested = { deep = true } }, "a table"))

print("== A stack trace in Lua")

local function inner(secret_number)
    print(Debug.stackTrace({ capture_locals = true }))
    return secret_number
end

local function outer()
    return inner(42) + 1
end

local answer = outer()
print("== Timers")
print("outer returned " .. answer)
print(Debug.performanceReport())
