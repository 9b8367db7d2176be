# METADATA
# scope: package
# title: A new migration is tried in both directions
# custom:
#   severity: LOW
#   id: SHOP-MIGRATION
#   routing:
#     required_events: ["PostToolUse"]
#     required_tools: ["Write", "Edit"]
package cupcake.policies.migration_reminder

import data.cupcake.helpers.paths

add_context contains message if {
	path := paths.target(input.tool_input)
	regex.match(`/db/migrations/[^/]+\.sql$`, path)
	message := sprintf("`%s` was written: run `npm run migrate:check`, which applies it and takes it back", [paths.name(path)])
}
