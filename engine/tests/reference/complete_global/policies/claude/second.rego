# METADATA
# scope: package
# custom:
#   id: MACHINE-PROMPT
#   routing:
#     required_events: ["UserPromptSubmit"]
package cupcake.global.policies.second

import rego.v1

add_context contains "be brief" if contains(input.prompt, "explain")
