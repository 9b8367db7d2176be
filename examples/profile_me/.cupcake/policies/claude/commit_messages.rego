# METADATA
# scope: package
# title: Commit messages say what they change
# custom:
#   id: LOG-MESSAGES
#   severity: LOW
#   routing:
#     required_events: ["PreToolUse"]
#     required_tools: ["Bash"]
package cupcake.policies.commit_messages

import rego.v1

vague := {"fix", "wip", "stuff", "update"}

ask contains {
	"rule_id": "LOG-MESSAGES-VAGUE",
	"reason": sprintf("the message `%s` does not say what changes", [message]),
	"severity": "LOW",
} if {
	[_, message] := regex.find_all_string_submatch_n(`git commit -m '([^']*)'`, input.tool_input.command, 1)[0]
	some word in regex.split(`[^a-z]+`, lower(message))
	word in vague
	count(split(message, " ")) < 3
}
