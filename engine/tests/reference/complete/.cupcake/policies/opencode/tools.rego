# METADATA
# scope: package
# title: What OpenCode's tools may do
# custom:
#   id: OPEN
#   severity: HIGH
#   routing:
#     required_events: ["PreToolUse", "PermissionRequest"]
#     required_tools: ["Bash", "Edit", "Write"]
package cupcake.policies.open

import rego.v1

deny contains decision if {
	input.tool_name == "Bash"
	contains(input.tool_input.command, "docker run --privileged")
	decision := {"rule_id": "OPEN-DOCKER", "reason": "no privileges", "severity": "HIGH"}
}

ask contains decision if {
	endswith(input.tool_input.filePath, ".sql")
	decision := {"rule_id": "OPEN-SQL", "reason": "migrations are looked at", "severity": "LOW"}
}
