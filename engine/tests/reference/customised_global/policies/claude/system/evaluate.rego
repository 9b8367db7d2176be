package cupcake.global.system

import rego.v1

# Changed by its owner: whatever the machine refuses is a halt.
evaluate := {
	"halts": array.concat(said("halt"), said("deny")),
	"asks": said("ask"),
}

said(verb) := [decision |
	walk(data.cupcake.global.policies, [path, value])
	path[count(path) - 1] == verb
	some decision in value
]
