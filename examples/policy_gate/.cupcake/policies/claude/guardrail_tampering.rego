# METADATA
# scope: package
# title: An agent that works on its own guardrails is stopped
# custom:
#   severity: CRITICAL
#   id: SHOP-TAMPERING
#   routing:
#     required_events: ["PreToolUse"]
#     required_tools: ["Write", "Edit", "NotebookEdit", "Bash"]
package cupcake.policies.guardrail_tampering

import data.cupcake.helpers.paths
import data.cupcake.helpers.shell

guarded := `(^|[/"'\s=])(\.cupcake(/|$|["'\s])|\.claude/settings[^/\s]*\.json|llmspell\.toml|\.git/hooks/)`

halt contains decision if {
	path := paths.target(input.tool_input)
	regex.match(guarded, path)
	decision := {
		"rule_id": "SHOP-TAMPERING-FILE",
		"reason": sprintf("`%s` belongs to the guardrails: a person changes it, not the agent", [path]),
		"severity": "CRITICAL",
	}
}

halt contains decision if {
	some command in shell.commands(input.tool_input.command)
	regex.match(guarded, command)
	not is_reading(command)
	decision := {
		"rule_id": "SHOP-TAMPERING-COMMAND",
		"reason": sprintf("`%s` would change the guardrails", [command]),
		"severity": "CRITICAL",
	}
}

is_reading(command) if {
	shell.program(command) in {"ls", "cat", "head", "tail", "grep", "rg", "wc", "diff"}
	not contains(command, ">")
}
