# METADATA
# scope: package
# title: What an agent should know when a session starts
# custom:
#   severity: LOW
#   id: SHOP-CONTEXT-SESSION
#   routing:
#     required_events: ["SessionStart"]
package cupcake.policies.project_context

add_context contains "this is the web shop: TypeScript in `src/`, migrations in `db/migrations/`, tests with `npm test`"

add_context contains "the session was resumed: read `git status` before you change a file" if {
	input.source in {"resume", "compact"}
}
