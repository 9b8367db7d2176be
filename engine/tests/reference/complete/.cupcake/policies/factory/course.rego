# METADATA
# scope: package
# custom:
#   id: DROID-COURSE
#   routing:
#     required_events: ["UserPromptSubmit", "SessionStart", "SessionEnd", "Stop", "SubagentStop", "PreCompact", "Notification"]
package cupcake.policies.course

import rego.v1

add_context contains sprintf("%s of %s", [input.hook_event_name, input.session_id])

block contains decision if {
	input.stop_hook_active == false
	decision := {"rule_id": "DROID-STOP", "reason": "not yet", "severity": "LOW"}
}
