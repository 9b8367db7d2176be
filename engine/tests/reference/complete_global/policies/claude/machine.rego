# METADATA
# scope: package
# title: What holds on this machine
# custom:
#   id: MACHINE
#   severity: HIGH
#   routing:
#     required_events: ["PreToolUse"]
#     required_tools: ["Bash"]
#     required_signals: ["machine"]
package cupcake.policies.machine

import data.cupcake.global.system.commands
import rego.v1

deny contains decision if {
	commands.mentions(input.tool_input.command, "crontab")
	decision := {
		"rule_id": "MACHINE-CRON",
		"reason": sprintf("nothing runs on the %s by itself", [input.signals.machine]),
		"severity": "HIGH",
	}
}

ask contains decision if {
	commands.mentions(input.tool_input.command, "brew")
	decision := {"rule_id": "MACHINE-BREW", "reason": "install on the machine?", "severity": "LOW"}
}

add_context contains "this machine is shared" if commands.mentions(input.tool_input.command, "uptime")

modify contains decision if {
	commands.mentions(input.tool_input.command, "npm install")
	decision := {
		"rule_id": "MACHINE-NPM",
		"reason": "packages come from the mirror",
		"severity": "LOW",
		"updated_input": {"run_in_background": false},
	}
}
