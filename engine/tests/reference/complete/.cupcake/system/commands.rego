# METADATA
# scope: package
# title: What can be said of a command
# custom:
#   routing:
#     required_events: []
#     required_tools: []
package cupcake.system.commands

import rego.v1

# Whether the command has this word between blanks.
has_verb(command, verb) if {
	pattern := concat("", [`(^|\s)`, verb, `(\s|$)`])
	regex.match(pattern, command)
}

# Whether it has one of several words.
has_dangerous_verb(command, verbs) if {
	some verb in verbs
	has_verb(command, verb)
}

creates_symlink(command) if {
	has_verb(command, "ln")
	regex.match(`\s-[a-z]*s`, command)
}

symlink_involves_path(command, path) if {
	creates_symlink(command)
	contains(command, path)
}

has_output_redirect(command) if {
	some sign in [" > ", " >> ", " | tee "]
	contains(command, sign)
}
