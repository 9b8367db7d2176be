# METADATA
# scope: package
# title: What has happened
# custom:
#   id: AFTER
#   routing:
#     required_events: ["PostToolUse"]
package cupcake.policies.after

import rego.v1

block contains decision if {
	input.tool_response.success == false
	decision := {"rule_id": "AFTER-FAILED", "reason": "the tool failed: look at why", "severity": "MEDIUM"}
}

add_context contains sprintf("%s has finished", [input.tool_name]) if input.tool_response.success == true
