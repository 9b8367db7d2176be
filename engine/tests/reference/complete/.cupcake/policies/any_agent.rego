# METADATA
# scope: package
# title: What holds for every agent
# custom:
#   severity: LOW
#   id: ANY-AGENT
#   routing:
#     required_events:
#       - PreToolUse
#       - beforeShellExecution
#       - beforeMCPExecution
package cupcake.policies.any_agent

import rego.v1

# Cursor has its command beside the event, all others in the tool's input.
command := input.command if input.command

command := input.tool_input.command if input.tool_input.command

deny contains decision if {
	contains(command, "telnet")
	decision := {
		"rule_id": "ANY-1",
		"reason": "no clear text on the wire",
		"severity": "LOW",
		"agent_context": "use ssh",
	}
}
