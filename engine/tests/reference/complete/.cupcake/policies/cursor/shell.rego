# METADATA
# scope: package
# title: What Cursor may run
# custom:
#   id: CURSOR-SHELL
#   severity: HIGH
#   routing:
#     required_events: ["beforeShellExecution"]
package cupcake.policies.cursor.shell

import data.cupcake.system.commands
import rego.v1

deny contains decision if {
	input.hook_event_name == "beforeShellExecution"
	commands.has_verb(input.command, "rm")
	regex.match(`\s-[a-zA-Z]*[rR]`, input.command)
	decision := {
		"rule_id": "CURSOR-RM",
		"reason": "nothing is removed with all that is in it",
		"severity": "HIGH",
		"agent_context": "remove files one by one",
	}
}

ask contains decision if {
	commands.has_output_redirect(input.command)
	decision := {
		"rule_id": "CURSOR-REDIRECT",
		"reason": "write to a file?",
		"question": "May the command write?",
		"severity": "LOW",
	}
}
