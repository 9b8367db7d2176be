# METADATA
# scope: package
# title: Point to the runbook when somebody speaks of a deployment
# custom:
#   severity: LOW
#   id: SHOP-CONTEXT-DEPLOY
#   routing:
#     required_events: ["UserPromptSubmit"]
package cupcake.policies.deploy_runbook

add_context contains "deployments follow `docs/runbook.md`: staging first, and nothing on a Friday" if {
	regex.match(`(?i)\b(deploy|deployment|roll ?out|go live)\b`, input.prompt)
}
