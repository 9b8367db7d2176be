# METADATA
# scope: package
# title: Nothing is deleted or overwritten outside the project
# custom:
#   severity: CRITICAL
#   id: SHOP-DESTRUCTIVE
#   routing:
#     required_events: ["PreToolUse"]
#     required_tools: ["Bash"]
package cupcake.policies.destructive_commands

import data.cupcake.helpers.shell

deny contains decision if {
	some command in shell.commands(input.tool_input.command)
	shell.program(command) == "rm"
	is_recursive(command)
	some argument in shell.arguments(command)
	is_outside(argument)
	decision := {
		"rule_id": "SHOP-DESTRUCTIVE-RM",
		"reason": sprintf("`%s` would delete `%s`, which is outside the project", [command, argument]),
		"severity": "CRITICAL",
	}
}

deny contains decision if {
	some command in shell.commands(input.tool_input.command)
	regex.match(`^(mkfs(\.\w+)?|wipefs|shred)$|^dd$`, shell.program(command))
	decision := {
		"rule_id": "SHOP-DESTRUCTIVE-DISK",
		"reason": sprintf("`%s` can destroy a disk", [shell.program(command)]),
		"severity": "CRITICAL",
	}
}

is_recursive(command) if {
	some argument in shell.arguments(command)
	regex.match(`^-[A-Za-z]*[rR]|^--recursive$`, argument)
}

# Relative paths stay inside unless they climb out; absolute ones must lie below the project.
is_outside(path) if regex.match(`^~|^\$\{?HOME|(^|/)\.\.(/|$)`, path)

is_outside(path) if {
	startswith(path, "/")
	not startswith(path, concat("", [input.cwd, "/"]))
}
