# METADATA
# scope: package
# custom:
#   id: MACHINE
#   routing:
#     required_events: [PreToolUse]
#     required_tools: [Bash]
package cupcake.global.policies.machine

import data.cupcake.global.system.words
import rego.v1

deny contains {"rule_id": "MACHINE-DISK", "reason": "disks stay", "severity": "HIGH"} if words.has(input.tool_input.command, "mkfs")
