# METADATA
# scope: package
# title: A person agrees to each new dependency
# custom:
#   severity: MEDIUM
#   id: SHOP-DEPENDENCY
#   routing:
#     required_events: ["PreToolUse"]
#     required_tools: ["Bash"]
package cupcake.policies.new_dependencies

import data.cupcake.helpers.shell

ask contains decision if {
	some command in shell.commands(input.tool_input.command)
	regex.match(`^(npm\s+(install|i|add)|pnpm\s+add|yarn\s+add|pip3?\s+install|cargo\s+add)\s`, command)
	packages := [argument |
		some position, argument in shell.arguments(command)
		position > 0
		not startswith(argument, "-")
	]
	count(packages) > 0
	decision := {
		"rule_id": "SHOP-DEPENDENCY",
		"reason": sprintf("new dependency %s: may it come in?", [concat(", ", [quoted | some name in packages; quoted := sprintf("`%s`", [name])])]),
		"severity": "MEDIUM",
	}
}
