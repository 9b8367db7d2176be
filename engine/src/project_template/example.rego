# METADATA
# scope: package
# title: Nobody becomes root
# custom:
#   id: NO-ROOT
#   severity: HIGH
#   routing:
#     required_events: ["EVENT"]
#     required_tools: TOOLS
package cupcake.policies.example

import rego.v1

deny contains decision if {
	# At the beginning, or behind what separates commands.
	regex.match(`(^|[;&|(]\s*)sudo\b`, COMMAND)
	decision := {
		"rule_id": "NO-ROOT-SUDO",
		"reason": "`sudo` is not for agents",
		"severity": "HIGH",
	}
}
