# METADATA
# scope: package
# title: Nothing from the network runs unread
# custom:
#   severity: CRITICAL
#   id: SHOP-DOWNLOAD-RUN
#   routing:
#     required_events: ["PreToolUse"]
#     required_tools: ["Bash"]
package cupcake.policies.download_and_run

deny contains decision if {
	regex.match(`\b(curl|wget)\b[^;&]*\|\s*(sudo\s+)?(\S*/)?(ba|z|da|k)?sh\b|\b(curl|wget)\b[^;&]*\|\s*(sudo\s+)?(python3?|node|perl)\b`, input.tool_input.command)
	decision := {
		"rule_id": "SHOP-DOWNLOAD-RUN",
		"reason": "the command runs a script straight from the network",
		"severity": "CRITICAL",
		"agent_context": "download to a file, show it, and run it after a person has agreed",
	}
}
