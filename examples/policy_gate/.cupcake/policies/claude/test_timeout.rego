# METADATA
# scope: package
# title: Test runs get a time limit
# custom:
#   severity: LOW
#   id: SHOP-TEST-TIMEOUT
#   routing:
#     required_events: ["PreToolUse"]
#     required_tools: ["Bash"]
package cupcake.policies.test_timeout

import data.cupcake.helpers.shell

limit_ms := 300000

modify contains decision if {
	some command in shell.commands(input.tool_input.command)
	regex.match(`^(npm\s+(test|run\s+test)|npx\s+(vitest|playwright))\b`, command)
	object.get(input.tool_input, "timeout", limit_ms + 1) > limit_ms
	decision := {
		"rule_id": "SHOP-TEST-TIMEOUT",
		"reason": sprintf("test runs end after %d seconds", [limit_ms / 1000]),
		"severity": "LOW",
		"priority": 40,
		"updated_input": {"timeout": limit_ms},
	}
}
