# METADATA
# scope: package
# title: The checks before a commit always run
# custom:
#   severity: MEDIUM
#   id: SHOP-COMMIT-CHECKS
#   routing:
#     required_events: ["PreToolUse"]
#     required_tools: ["Bash"]
package cupcake.policies.commit_checks

modify contains decision if {
	regex.match(`\bgit\s+commit\b.*\s--no-verify\b`, input.tool_input.command)
	decision := {
		"rule_id": "SHOP-COMMIT-CHECKS",
		"reason": "`--no-verify` is taken out, so that the checks before the commit run",
		"severity": "MEDIUM",
		"priority": 80,
		"updated_input": {"command": regex.replace(input.tool_input.command, `\s--no-verify\b`, "")},
	}
}
