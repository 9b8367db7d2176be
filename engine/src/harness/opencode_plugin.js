// Asks `llmspell hook` about every tool that OpenCode runs. It never lets pass what was not clearly allowed:
// a program that is missing, fails, is slow or answers something odd blocks the tool.
//
// OpenCode calls everything that a plugin exports, so there is one export only.
import { spawn } from "node:child_process";

const PROGRAM = "llmspell";
const ARGUMENTS = ["hook", "--harness", "opencode"];
// The program keeps to a deadline of its own, which is shorter.
const DEADLINE_MS = 10000;
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_SHOWN = 2000;
const MAX_WAITING = 1000;

// What stands in `decision`, and what a denial may be more exactly, in `verdict`.
const DECISIONS = ["allow", "ask", "block", "deny"];
const VERDICTS = ["halt", "modify"];

// Runs the program on one event; resolves with its exit code and what it wrote, and rejects in every other case.
function run(event, directory) {
  // Written first, so that nothing is started for an event that cannot be.
  const asked = JSON.stringify(event);
  return new Promise((resolve, reject) => {
    const child = spawn(PROGRAM, ARGUMENTS, { cwd: directory, stdio: ["pipe", "pipe", "pipe"], windowsHide: true });
    const written = [];
    let bytes = 0;
    let complaint = "";
    const give_up = (why) => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      reject(new Error(why));
    };
    const timer = setTimeout(() => give_up(`\`${PROGRAM}\` did not answer within ${DEADLINE_MS} ms`), DEADLINE_MS);
    child.on("error", (error) => give_up(`\`${PROGRAM}\` cannot be run: ${error.message}`));
    child.stdout.on("data", (chunk) => {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) give_up(`\`${PROGRAM}\` wrote more than ${MAX_BYTES} bytes`);
      else written.push(chunk);
    });
    child.stderr.on("data", (chunk) => {
      if (complaint.length < MAX_SHOWN) complaint += chunk.toString("utf8");
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, text: Buffer.concat(written).toString("utf8"), complaint: shown(complaint) });
    });
    // A program that does not read to the end says so by its exit code.
    child.stdin.on("error", () => {});
    child.stdin.end(asked);
  });
}

function shown(text) {
  return text.trim().slice(0, MAX_SHOWN);
}

function is_object(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// The answer in `text`, or an error that says what is wrong with it.
function read(text) {
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Error("the answer is not one JSON document");
  }
  if (!is_object(answer)) throw new Error("the answer is not an object");
  if (!DECISIONS.includes(answer.decision)) throw new Error("the answer has no decision that is known");
  const { context = [], reason = "", updated_input, verdict = answer.decision } = answer;
  const is_exact = verdict === answer.decision || (answer.decision === "deny" && VERDICTS.includes(verdict));
  if (!is_exact) throw new Error("`verdict` is none that belongs to the decision");
  if (!Array.isArray(context) || !context.every((text) => typeof text === "string")) {
    throw new Error("`context` is not a list of texts");
  }
  if (typeof reason !== "string") throw new Error("`reason` is not a text");
  if (verdict === "modify" && !is_object(updated_input)) throw new Error("`updated_input` is not an object");
  return { verdict, reason, context, updated_input };
}

// What the program decides; rejects unless it says so clearly and exits with 0.
async function decide(event, directory) {
  let why;
  try {
    const { code, signal, text, complaint } = await run(event, directory);
    if (code === 0) return read(text);
    why = complaint || `\`${PROGRAM}\` ended with ${signal ?? `exit code ${code}`}`;
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
  }
  throw new Error(`blocked, because there is no decision: ${why}; run \`${PROGRAM} doctor\``);
}

function refusal(answer) {
  return new Error([answer.reason || "refused by policy", ...answer.context].join("\n"));
}

// Gives the tool another input; the object itself is what OpenCode passes on.
function replace(args, input) {
  for (const key of Object.keys(args)) delete args[key];
  for (const [key, value] of Object.entries(input)) {
    Object.defineProperty(args, key, { value, writable: true, enumerable: true, configurable: true });
  }
}

// Stops the session as far as OpenCode lets a plugin; the tool is refused in any case.
function stop(client, session) {
  try {
    Promise.resolve(client.session.abort({ path: { id: session } })).catch(() => {});
  } catch {
    // There is no such call in this version.
  }
}

export const LlmspellPlugin = async ({ client, directory, worktree }) => {
  const cwd = directory ?? worktree ?? process.cwd();
  // What the agent is told when the tool has run, by the call.
  const waiting = new Map();

  const about = (name, input, rest) => ({
    hook_event_name: name,
    session_id: input.sessionID,
    call_id: input.callID,
    message_id: input.messageID,
    cwd,
    ...rest,
  });

  return {
    "tool.execute.before": async (input, output) => {
      const answer = await decide(about("PreToolUse", input, { tool: input.tool, args: output.args ?? {} }), cwd);
      if (answer.verdict === "halt") stop(client, input.sessionID);
      if (answer.verdict === "modify") replace(output.args, answer.updated_input);
      else if (answer.verdict !== "allow") throw refusal(answer);
      if (answer.context.length > 0) {
        if (waiting.size >= MAX_WAITING) waiting.delete(waiting.keys().next().value);
        waiting.set(input.callID, answer.context);
      }
    },

    "tool.execute.after": async (input, output) => {
      const told = waiting.get(input.callID) ?? [];
      waiting.delete(input.callID);
      const exit_code = output.metadata?.exit;
      const result = { success: (exit_code ?? 0) === 0, output: output.output ?? output.content, exit_code };
      let answer;
      try {
        answer = await decide(about("PostToolUse", input, { tool: input.tool, args: input.args ?? {}, result }), cwd);
        if (answer.verdict !== "allow") throw refusal(answer);
      } catch (error) {
        if (answer?.verdict === "halt") stop(client, input.sessionID);
        // Should the error be passed over, the result is not there either.
        if ("output" in output) output.output = error.message;
        if ("content" in output) output.content = [{ type: "text", text: error.message }];
        throw error;
      }
      const all = [...told, ...answer.context];
      if (all.length === 0) return;
      if (typeof output.output === "string") output.output = [output.output, ...all].join("\n");
      else if (Array.isArray(output.content)) output.content.push(...all.map((text) => ({ type: "text", text })));
    },

    "permission.ask": async (input, output) => {
      const before = output.status;
      // Whatever happens from here on, it is a no until it is known to be none.
      output.status = "deny";
      const rest = { tool: input.type, args: input.metadata ?? {}, pattern: input.pattern, title: input.title };
      const answer = await decide(about("PermissionRequest", input, rest), cwd);
      if (answer.verdict === "halt") stop(client, input.sessionID);
      if (answer.verdict === "allow") output.status = before;
      if (answer.verdict === "ask" && before !== "deny") output.status = "ask";
    },
  };
};
