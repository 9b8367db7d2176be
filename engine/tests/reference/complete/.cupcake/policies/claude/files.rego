# METADATA
# title: How files are written
# authors:
#   - The platform team
# custom:
#   id: FILES
#   severity: MEDIUM
#   routing:
#     required_events:
#       - PreToolUse
#     required_tools:
#       - Write
#       - Edit
#       - MultiEdit
#       - NotebookEdit
package cupcake.policies.files

# Written for Rego v1 without its import.

generated(path) if endswith(path, ".generated.rs")

generated(path) if {
	some folder in ["/dist/", "/target/"]
	contains(path, folder)
}

deny contains {
	"rule_id": "FILES-GENERATED",
	"reason": concat("", ["`", input.tool_input.file_path, "` is generated"]),
	"severity": "MEDIUM",
} if {
	generated(input.tool_input.file_path)
}

block contains decision if {
	every edit in input.tool_input.edits {
		edit.old_string == edit.new_string
	}
	decision := {"rule_id": "FILES-NOTHING", "reason": "the edits change nothing", "severity": "LOW"}
}

ask contains decision if {
	endswith(input.resolved_file_path, ".ipynb")
	decision := {"rule_id": "FILES-NOTEBOOK", "reason": "notebooks are edited by people", "severity": "LOW"}
}

# What the agent is told depends on what it writes, by whichever tool.
add_context contains message if {
	words := data.cupcake.helpers.words.words_of(input.tool_input.new_string)
	"review" in words
	message := "a REVIEW needs a ticket"
}
