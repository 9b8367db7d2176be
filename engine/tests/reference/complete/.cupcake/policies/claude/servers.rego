# METADATA
# scope: package
# title: Tools of other servers
# custom:
#   id: SERVERS
#   routing:
#     required_events: ["PreToolUse"]
#     required_tools: ["mcp__github__delete_repository", "mcp__github__merge_pull_request"]
package cupcake.policies.servers

import rego.v1

deny contains decision if {
	decision := {
		"rule_id": "SERVERS-GITHUB",
		"reason": concat(" ", ["no agent may", replace(trim_prefix(input.tool_name, "mcp__github__"), "_", " ")]),
		"severity": "HIGH",
	}
}
