# METADATA
# scope: package
# title: What is permitted without a question
# custom:
#   id: PERMISSION
#   routing:
#     required_events: ["PermissionRequest"]
#     required_tools: ["*"]
package cupcake.policies.permission

import rego.v1

deny contains decision if {
	input.tool_name == "WebFetch"
	not startswith(input.tool_input.url, "https://")
	decision := {"rule_id": "PERMISSION-HTTPS", "reason": "only by https", "severity": "HIGH"}
}

modify contains decision if {
	input.tool_name == "Bash"
	not input.tool_input.timeout
	decision := {
		"rule_id": "PERMISSION-TIMEOUT",
		"reason": "every command has an end",
		"severity": "LOW",
		"priority": 1,
		"updated_input": {"timeout": 60000},
	}
}
