package cupcake.system

import rego.v1

# METADATA
# scope: document
# title: Where every verb comes together
# authors: ["The platform team"]
# custom:
#   description: Gathers what the policies say, verb by verb
#   entrypoint: true
#   routing:
#     required_events: []
#     required_tools: []

# The only entry point.
evaluate := decision_set if {
	decision_set := {
		"halts": collect_verbs("halt"),
		"denials": collect_verbs("deny"),
		"blocks": collect_verbs("block"),
		"asks": collect_verbs("ask"),
		"modifications": collect_verbs("modify"),
		"add_context": collect_verbs("add_context"),
	}
}

# Every set of this name, wherever it lies beneath the policies.
collect_verbs(verb_name) := result if {
	verb_sets := [value |
		walk(data.cupcake.policies, [path, value])
		path[count(path) - 1] == verb_name
	]
	all_decisions := [decision |
		some verb_set in verb_sets
		some decision in verb_set
	]
	result := all_decisions
}

# A verb that nobody says is an empty list.
default collect_verbs(_) := []
