# METADATA
# scope: package
# title: Files with secrets are neither read nor written
# custom:
#   severity: HIGH
#   id: SHOP-SECRET-FILE
#   routing:
#     required_events: ["PreToolUse"]
#     required_tools: ["Read", "Write", "Edit", "NotebookEdit", "Bash"]
package cupcake.policies.secret_files

import data.cupcake.helpers.paths
import data.cupcake.helpers.shell

deny contains decision if {
	path := paths.target(input.tool_input)
	paths.is_secret(path)
	decision := {
		"rule_id": "SHOP-SECRET-FILE",
		"reason": sprintf("`%s` holds secrets", [path]),
		"severity": "HIGH",
		"agent_context": "use the variables of `.env.example`; a person fills in the values",
	}
}

deny contains decision if {
	some command in shell.commands(input.tool_input.command)
	some argument in shell.arguments(command)
	paths.is_secret(argument)
	decision := {
		"rule_id": "SHOP-SECRET-COMMAND",
		"reason": sprintf("`%s` would touch `%s`, which holds secrets", [shell.program(command), argument]),
		"severity": "HIGH",
	}
}
