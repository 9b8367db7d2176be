# METADATA
# scope: package
# title: Shell commands
# custom:
#   id: SHELL
#   severity: HIGH
#   routing:
#     required_events: [PreToolUse]
#     required_tools: [Bash]
package cupcake.policies.shell

import rego.v1

deny contains decision if {
    contains(input.tool_input.command, "rm -rf /")
    decision := {
        "rule_id": "SHELL-RM",
        "reason": "deleting from the root is not permitted",
        "severity": "CRITICAL",
        "agent_context": "delete inside the project only",
    }
}

modify contains decision if {
    input.tool_input.command == "ls"
    decision := {
        "rule_id": "SHELL-LS",
        "reason": "lists with details",
        "severity": "LOW",
        "updated_input": {"command": "ls -l"},
    }
}
