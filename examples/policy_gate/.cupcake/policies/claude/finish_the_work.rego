# METADATA
# scope: package
# title: An agent does not stop on red tests
# custom:
#   severity: MEDIUM
#   id: SHOP-FINISH
#   routing:
#     required_events: ["Stop"]
package cupcake.policies.finish_the_work

# `stop_hook_active` says that the agent goes on because it was blocked once already: once is enough.
block contains decision if {
	not input.stop_hook_active
	regex.match(`(?i)\btests? (is|are|still|keeps?|keep) (still )?(failing|red|broken)`, input.last_assistant_message)
	decision := {
		"rule_id": "SHOP-FINISH",
		"reason": "the last message says that tests fail: repair them, or say why they must fail",
		"severity": "MEDIUM",
	}
}
