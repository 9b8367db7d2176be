# METADATA
# scope: package
# custom:
#   id: OPEN-AFTER
#   routing:
#     required_events: ["PostToolUse"]
package cupcake.policies.open_after

import rego.v1

block contains decision if {
	input.tool_response.success == false
	decision := {
		"rule_id": "OPEN-FAILED",
		"reason": sprintf("%s failed with %d", [input.tool, input.result.exit_code]),
		"severity": "LOW",
	}
}
