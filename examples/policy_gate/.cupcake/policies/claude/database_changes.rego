# METADATA
# scope: package
# title: The production database is only read
# custom:
#   severity: CRITICAL
#   id: SHOP-DATABASE
#   routing:
#     required_events: ["PreToolUse"]
#     required_tools: ["mcp__postgres__query"]
package cupcake.policies.database_changes

sql := lower(regex.replace(input.tool_input.sql, `--[^\n]*|(?s:/\*.*?\*/)`, " "))

deny contains decision if {
	regex.match(`\b(drop|truncate)\s+(table|database|schema)\b`, sql)
	decision := {
		"rule_id": "SHOP-DATABASE-DROP",
		"reason": "tables are dropped by migrations, never by hand",
		"severity": "CRITICAL",
		"agent_context": "write a migration in `db/migrations/` instead",
	}
}

deny contains decision if {
	regex.match(`\b(delete\s+from|update)\b`, sql)
	not regex.match(`\bwhere\b`, sql)
	decision := {
		"rule_id": "SHOP-DATABASE-ALL-ROWS",
		"reason": "the statement has no `where` and would change every row",
		"severity": "CRITICAL",
	}
}

ask contains decision if {
	regex.match(`\b(insert\s+into|delete\s+from|update)\b`, sql)
	decision := {
		"rule_id": "SHOP-DATABASE-WRITE",
		"reason": "the statement changes data: may it run?",
		"severity": "HIGH",
	}
}
