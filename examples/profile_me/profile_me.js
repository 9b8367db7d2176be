// Something to profile: a function of the script that is hot, and evaluations beneath another one.
//
//     llmspell run examples/profile_me/profile_me.js --profile profile.svg
//     llmspell profile examples/profile_me/profile_me.js --runs 50 --open speedscope:profile.speedscope.json

const messages = [
  "fix",
  "wip: orders",
  "Refuse discount codes that have run out",
  "Let two people edit one order without losing lines",
];

// How many letters must change to make one message of another: the slow way, on purpose.
function distance(a, b) {
  const row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    let left = i;
    let above = i - 1;
    for (let j = 1; j <= b.length; j++) {
      const changed = a[i - 1] === b[j - 1] ? above : above + 1;
      above = row[j];
      left = Math.min(changed, above + 1, left + 1);
      row[j] = left;
    }
    row[0] = i;
  }
  return row[b.length];
}

function nearest(message) {
  let best = Infinity;
  let closest = "";
  for (const other of messages) {
    if (other === message) continue;
    const steps = distance(message, other);
    if (steps < best) {
      best = steps;
      closest = other;
    }
  }
  return [closest, best];
}

function judge(message) {
  return Cupcake.eval({
    hook_event_name: "PreToolUse",
    tool_name: "Bash",
    tool_input: { command: `git commit -m '${message}'` },
  });
}

for (const message of messages) {
  const decision = judge(message);
  const [closest, steps] = nearest(message);
  print(`${decision.decision}: ${message}`);
  if (decision.reason !== "") print(`  ${decision.reason}`);
  print(`  nearest, ${steps} letters away: ${closest}`);
}
