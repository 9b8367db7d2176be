# METADATA
# scope: package
# custom:
#   entrypoint: true
package cupcake.system

import rego.v1

# Changed by its owner: what is not severe is told instead of refused.
evaluate := {
	"halts": [decision | some decision in said("halt")],
	"denials": [decision | some decision in said("deny"); is_severe(decision)],
	"blocks": said("block"),
	"asks": said("ask"),
	"modifications": said("modify"),
	"add_context": array.concat(said("add_context"), [decision.reason | some decision in said("deny"); not is_severe(decision)]),
}

is_severe(decision) if decision.severity in {"HIGH", "CRITICAL"}

said(verb) := [decision |
	walk(data.cupcake.policies, [path, value])
	path[count(path) - 1] == verb
	some decision in value
]
