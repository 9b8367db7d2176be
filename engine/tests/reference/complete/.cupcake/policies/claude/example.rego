# METADATA
# scope: package
# title: A policy to copy
# custom:
#   severity: LOW
#   id: EXAMPLE-001
#   routing:
#     required_events: ["NeverFires"]
package cupcake.policies.example

import rego.v1

deny contains decision if {
	input.never == true
	decision := {"rule_id": "EXAMPLE-001", "reason": "never", "severity": "LOW"}
}
