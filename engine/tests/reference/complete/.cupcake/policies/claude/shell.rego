# METADATA
# scope: package
# title: What a shell may do
# description: Rules about commands
# authors: ["The platform team"]
# organizations: ["Example"]
# related_resources: ["docs/style.md"]
# schemas: []
# custom:
#   severity: HIGH
#   id: SHELL
#   owner: platform
#   routing:
#     required_events: ["PreToolUse"]
#     required_tools: ["Bash"]
#     required_signals: ["branch", "team"]
package cupcake.policies.shell

import data.cupcake.system.commands
import rego.v1

halt contains decision if {
	input.hook_event_name == "PreToolUse"
	input.tool_name == "Bash"
	commands.has_verb(input.tool_input.command, "shutdown")
	decision := {
		"rule_id": "SHELL-HALT",
		"reason": "the machine stays on",
		"severity": "CRITICAL",
	}
}

deny contains decision if {
	input.hook_event_name == "PreToolUse"
	commands.has_verb(input.tool_input.command, "rm")
	regex.match(`\s-[a-zA-Z]*[rR]`, input.tool_input.command)
	decision := {
		"rule_id": "SHELL-RM",
		"reason": "nothing is removed with all that is in it",
		"severity": "HIGH",
		"agent_context": "remove files one by one",
	}
}

deny contains decision if {
	commands.has_dangerous_verb(input.tool_input.command, {"chmod", "chown"})
	decision := {
		"rule_id": "SHELL-RIGHTS",
		"reason": sprintf("rights are for %s", [concat(" and ", input.signals.team.oncall)]),
		"severity": "LOW",
	}
}

ask contains decision if {
	commands.has_verb(input.tool_input.command, "git")
	commands.has_verb(input.tool_input.command, "push")
	input.signals.branch == "main"
	decision := {
		"rule_id": "SHELL-PUSH",
		"reason": sprintf("push to %s?", [input.signals.branch]),
		"question": "May it be pushed?",
		"severity": "MEDIUM",
	}
}

modify contains decision if {
	startswith(input.tool_input.command, "npm install")
	not contains(input.tool_input.command, "--ignore-scripts")
	decision := {
		"rule_id": "SHELL-NPM",
		"reason": "packages run nothing while they are installed",
		"severity": "MEDIUM",
		"priority": 80,
		"updated_input": {"command": concat(" ", [input.tool_input.command, "--ignore-scripts"])},
	}
}

modify contains decision if {
	startswith(input.tool_input.command, "npm install")
	decision := {
		"rule_id": "SHELL-PATIENCE",
		"reason": "installing takes long",
		"updated_input": {"timeout": 600000, "command": "never"},
	}
}

add_context contains "the cache of packages is cold" if {
	startswith(input.tool_input.command, "npm install")
}
