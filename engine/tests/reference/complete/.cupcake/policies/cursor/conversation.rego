# METADATA
# scope: package
# custom:
#   id: CURSOR-CONVERSATION
#   routing:
#     required_events:
#       - beforeSubmitPrompt
#       - afterAgentResponse
#       - afterAgentThought
#       - afterShellExecution
#       - stop
package cupcake.policies.cursor.conversation

import rego.v1

block contains decision if {
	contains(input.prompt, "BEGIN PRIVATE KEY")
	decision := {"rule_id": "CURSOR-PROMPT", "reason": "no keys in prompts", "severity": "HIGH"}
}

block contains decision if {
	input.status == "completed"
	input.loop_count < 1
	decision := {"rule_id": "CURSOR-LOOP", "reason": "look at it once more", "severity": "LOW"}
}

add_context contains input.text if input.hook_event_name in {"afterAgentResponse", "afterAgentThought"}

add_context contains sprintf("the command took %d ms", [input.duration]) if input.hook_event_name == "afterShellExecution"
