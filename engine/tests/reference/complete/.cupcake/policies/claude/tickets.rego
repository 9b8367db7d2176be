# METADATA
# scope: package
# custom:
#   id: TICKETS
#   routing:
#     required_events: [UserPromptSubmit]
#     required_signals: [ticket, freeze]
package cupcake.policies.tickets

import rego.v1

add_context contains sprintf("the ticket is %s", [input.signals.ticket])

block contains decision if {
	input.signals.freeze.success == false
	contains(lower(input.prompt), "deploy")
	decision := {
		"rule_id": "TICKETS-FREEZE",
		"reason": sprintf("no deployments: %s", [input.signals.freeze.error]),
		"severity": "HIGH",
	}
}
