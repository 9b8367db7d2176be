# METADATA
# scope: package
# title: Every tool, whatever its name
# custom:
#   id: EVERY-TOOL
#   routing:
#     required_events: ["PreToolUse"]
#     required_tools: ["*"]
package cupcake.policies.every_tool

import rego.v1

deny contains decision if {
	input.permission_mode == "bypassPermissions"
	decision := {"rule_id": "EVERY-TOOL-BYPASS", "reason": "not without permissions", "severity": "CRITICAL"}
}
