# METADATA
# scope: package
# custom:
#   id: BUILTIN-PROTECTED-PATHS
#   routing:
#     required_events: ["PreToolUse"]
package cupcake.policies.builtins.protected_paths

import data.cupcake.system.paths
import rego.v1

# The file that init once wrote; the guardrail of this name stands in its place.
halt contains {"rule_id": "NEVER", "reason": "this file is not read", "severity": "HIGH"}
