# METADATA
# scope: package
# custom:
#   id: GLOBAL-EXAMPLE
#   routing:
#     required_events: ["NeverFires"]
package cupcake.global.policies.example

import rego.v1

deny contains {"rule_id": "GLOBAL-EXAMPLE", "reason": "never", "severity": "LOW"} if input.never
