// Asks the policies of .cupcake/ about every recorded event and shows what they decide.
//
//     llmspell run examples/policy_gate/policy_gate.js
//     llmspell run examples/policy_gate/policy_gate.js -- deny      only the events that are denied

const only = args[0];

// What the agent wants to do, in one line.
function wish(event) {
  const input = event.tool_input;
  switch (event.hook_event_name) {
    case "PreToolUse":
      return `${event.tool_name} ${input.command ?? input.file_path ?? input.url ?? input.sql}`;
    case "PostToolUse":
      return `go on after ${event.tool_name} ${input.command ?? input.file_path ?? input.url ?? input.sql}`;
    case "UserPromptSubmit":
      return `answer: ${event.prompt}`;
    case "SessionStart":
      return `start a session (${event.source})`;
    case "Stop":
      return `stop: ${event.last_assistant_message}`;
    default:
      return event.hook_event_name;
  }
}

function verdict(decision) {
  if (decision.default) return `${decision.decision} (no rule spoke)`;
  if (decision.reason === "") return decision.decision;
  return `${decision.decision}: ${decision.reason}`;
}

function changedInput(event, decision) {
  const keys = Object.keys(decision.updated_input);
  return keys.filter((key) => event.tool_input[key] !== decision.updated_input[key]).sort();
}

function phases(timings) {
  return ["route", "signals", "evaluate", "synthesize", "total"]
    .filter((phase) => timings[phase] !== undefined)
    .map((phase) => `${phase} ${timings[phase].toFixed(1)} µs`)
    .join(", ");
}

function show(name, event, decision) {
  console.log(`== ${name}`);
  console.log(`  wants     ${wish(event)}`);
  console.log(`  decision  ${verdict(decision)}`);
  for (const rule of decision.rules) {
    console.log(`  rule      ${rule.rule_id} says ${rule.verb} (${rule.severity}), ${rule.file}:${rule.line}`);
  }
  for (const message of decision.agent_messages) {
    console.log(`  advice    ${message}`);
  }
  for (const context of decision.context) {
    console.log(`  context   ${context}`);
  }
  if (decision.decision === "modify") {
    for (const key of changedInput(event, decision)) {
      console.log(`  changes   ${key} to ${decision.updated_input[key]}`);
    }
  }
  for (const problem of decision.errors) {
    console.log(`  error     ${problem.kind} in ${problem.policy}: ${problem.message}`);
  }
  console.log(`  phases    ${phases(decision.timings_us)}`);
  console.log("");
}

for (const item of Cupcake.events()) {
  const timer = Debug.timer("policy_gate.event");
  const decision = Cupcake.eval(item.event);
  timer.lap("decided");
  if (only === undefined || decision.decision === only) {
    show(item.name, item.event, decision);
  }
  timer.stop();
}

// An error on purpose: the order has no address. QuickJS keeps function, file, line and column in
// the error's stack, but no variables, so the function shows the ones that matter itself.
function shippingCost(order) {
  const base = 4.9;
  const weight = order.items.length * 0.3;
  try {
    const country = order.address.country;
    return base + weight * country.surcharge;
  } catch (error) {
    console.log(`  ${error}`);
    console.log(error.stack.trimEnd());
    console.log(Debug.dump({ order, base, weight }, "variables"));
    throw error;
  }
}

function checkout(order) {
  const items = order.items.length;
  const cost = shippingCost(order);
  return items * cost;
}

console.log("== A script error in JavaScript, made on purpose");
try {
  checkout({ id: 4711, items: ["cup", "cake"] });
} catch {
  // Shown already, where it happened.
}

console.log("");
console.log("== Timers");
console.log(Debug.performanceReport());
