package cupcake.global.system

import rego.v1

evaluate := {
	"halts": collect_verbs("halt"),
	"denials": collect_verbs("deny"),
	"blocks": collect_verbs("block"),
	"asks": collect_verbs("ask"),
	"modifications": collect_verbs("modify"),
	"add_context": collect_verbs("add_context"),
}

collect_verbs(verb_name) := result if {
	verb_sets := [value |
		walk(data.cupcake.global.policies, [path, value])
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
