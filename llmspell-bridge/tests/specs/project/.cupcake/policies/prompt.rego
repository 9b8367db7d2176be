# METADATA
# scope: package
# custom:
#   id: PROMPT
#   routing:
#     required_events: [UserPromptSubmit]
package cupcake.policies.prompt

import rego.v1

add_context contains "be brief"

block contains decision if {
    contains(input.prompt, "password")
    decision := {"rule_id": "PROMPT-SECRET", "reason": "a prompt holds no passwords", "severity": "MEDIUM"}
}
