# METADATA
# scope: package
# custom:
#   id: UNROUTED
#   routing:
#     required_events: [Stop]
package cupcake.global.policies.unrouted

import rego.v1

deny contains {"rule_id": "UNROUTED", "reason": "only when the agent stops", "severity": "HIGH"}
