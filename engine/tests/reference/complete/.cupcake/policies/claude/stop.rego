# METADATA
# scope: package
# title: Nobody stops early
# custom:
#   id: STOP
#   routing:
#     required_events: ["Stop", "SubagentStop"]
package cupcake.policies.stop

import rego.v1

block contains decision if {
	not input.stop_hook_active
	decision := {"rule_id": "STOP-TESTS", "reason": "run the tests first", "severity": "MEDIUM"}
}
