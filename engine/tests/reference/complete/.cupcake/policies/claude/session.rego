# METADATA
# scope: package
# title: The course of a session
# custom:
#   id: SESSION
#   routing:
#     required_events: ["SessionStart", "SessionEnd", "PreCompact", "Notification"]
package cupcake.policies.session

import rego.v1

add_context contains sprintf("the session began by %s", [input.source]) if input.hook_event_name == "SessionStart"

add_context contains "keep the names of files" if {
	input.hook_event_name == "PreCompact"
	input.trigger == "auto"
}

halt contains decision if {
	input.hook_event_name == "Notification"
	input.notification_type == "auth_success"
	decision := {"rule_id": "SESSION-AUTH", "reason": "nobody signs in from here", "severity": "HIGH"}
}
