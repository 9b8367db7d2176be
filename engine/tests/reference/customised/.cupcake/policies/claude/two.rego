# METADATA
# scope: package
# custom:
#   id: TWO
#   routing:
#     required_events: [PreToolUse]
#     required_tools: [Bash, Read]
package cupcake.policies.two

import data.cupcake.system.words
import rego.v1

deny contains {"rule_id": "TWO-MILD", "reason": "rather not", "severity": "LOW"} if words.has(input.tool_input.command, "mild")

deny contains {"rule_id": "TWO-SEVERE", "reason": "certainly not", "severity": "HIGH"} if words.has(input.tool_input.command, "severe")

add_context contains "two was asked"
