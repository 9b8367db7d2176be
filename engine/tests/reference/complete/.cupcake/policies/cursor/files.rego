# METADATA
# scope: package
# custom:
#   id: CURSOR-FILES
#   routing:
#     required_events: ["afterFileEdit", "beforeReadFile"]
package cupcake.policies.cursor.files

import rego.v1

deny contains decision if {
	input.hook_event_name == "beforeReadFile"
	endswith(input.file_path, ".pem")
	decision := {"rule_id": "CURSOR-KEYS", "reason": "keys are not read", "severity": "HIGH"}
}

add_context contains sprintf("%d edits", [count(input.edits)]) if input.hook_event_name == "afterFileEdit"
