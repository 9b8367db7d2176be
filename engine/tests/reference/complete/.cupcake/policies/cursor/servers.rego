# METADATA
# scope: package
# custom:
#   id: CURSOR-SERVERS
#   routing:
#     required_events: ["beforeMCPExecution", "afterMCPExecution"]
#     required_tools: ["query_database"]
package cupcake.policies.cursor.servers

import rego.v1

# Before, the input is an object or a text that holds one; afterwards always a text.
statement := lower(input.tool_input.sql) if is_object(input.tool_input)

statement := lower(json.unmarshal(input.tool_input).sql) if is_string(input.tool_input)

deny contains decision if {
	input.hook_event_name == "beforeMCPExecution"
	startswith(statement, "drop")
	decision := {"rule_id": "CURSOR-DROP", "reason": "tables stay", "severity": "HIGH"}
}

modify contains decision if {
	input.hook_event_name == "beforeMCPExecution"
	not contains(statement, "limit")
	startswith(statement, "select")
	decision := {
		"rule_id": "CURSOR-LIMIT",
		"reason": "not more than a page",
		"severity": "LOW",
		"updated_input": {"limit": 100},
	}
}

add_context contains "a query took long" if input.duration > 1000
