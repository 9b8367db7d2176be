# METADATA
# scope: package
# title: What a droid may do
# custom:
#   id: DROID
#   severity: HIGH
#   routing:
#     required_events: ["PreToolUse", "PostToolUse"]
#     required_tools: ["Bash", "Execute"]
package cupcake.policies.droid

import rego.v1

# By the name that the documents of the policies promise, whatever the wire says.
deny contains decision if {
	input.hook_event_name == "PreToolUse"
	contains(input.tool_input.command, "npm publish")
	decision := {"rule_id": "DROID-PUBLISH", "reason": "people publish", "severity": "HIGH"}
}

# And by the name on the wire.
ask contains decision if {
	input.hookEventName == "PreToolUse"
	input.permissionMode == "auto-high"
	decision := {"rule_id": "DROID-MODE", "reason": "look at it first", "severity": "LOW"}
}

modify contains decision if {
	contains(input.tool_input.command, "npm test")
	decision := {
		"rule_id": "DROID-TEST",
		"reason": "tests tell less",
		"severity": "LOW",
		"updated_input": {"command": "npm test --silent"},
	}
}

block contains decision if {
	input.hook_event_name == "PostToolUse"
	input.tool_response.exit_code != 0
	decision := {"rule_id": "DROID-FAILED", "reason": "it failed", "severity": "MEDIUM"}
}
