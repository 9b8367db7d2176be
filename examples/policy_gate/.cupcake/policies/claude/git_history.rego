# METADATA
# scope: package
# title: Shared history is not rewritten, local work is not thrown away unasked
# custom:
#   severity: HIGH
#   id: SHOP-GIT
#   routing:
#     required_events: ["PreToolUse"]
#     required_tools: ["Bash"]
package cupcake.policies.git_history

import data.cupcake.helpers.shell

shared_branches := {"main", "master", "production"}

deny contains decision if {
	some command in shell.commands(input.tool_input.command)
	regex.match(`^git\s+push\b`, command)
	some argument in shell.arguments(command)
	regex.match(`^(-f|--force|--force-with-lease(=.*)?)$`, argument)
	some branch in shell.arguments(command)
	regex.replace(branch, `^(HEAD:|\+)?(refs/heads/)?`, "") in shared_branches
	decision := {
		"rule_id": "SHOP-GIT-FORCE",
		"reason": sprintf("`%s` would rewrite the history of a shared branch", [command]),
		"severity": "HIGH",
		"agent_context": "push to a branch of your own and open a pull request",
	}
}

ask contains decision if {
	some command in shell.commands(input.tool_input.command)
	regex.match(`^git\s+(reset\s+--hard|clean\s+-\w*f|checkout\s+(--\s+)?\.)`, command)
	decision := {
		"rule_id": "SHOP-GIT-DISCARD",
		"reason": sprintf("`%s` throws away work that is not committed: is that wanted?", [command]),
		"severity": "MEDIUM",
	}
}
