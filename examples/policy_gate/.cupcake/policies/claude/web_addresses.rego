# METADATA
# scope: package
# title: The agent reads known sites, and nothing inside the network
# custom:
#   severity: HIGH
#   id: SHOP-WEB
#   routing:
#     required_events: ["PreToolUse"]
#     required_tools: ["WebFetch"]
package cupcake.policies.web_addresses

known_hosts := {"developer.mozilla.org", "nodejs.org", "www.postgresql.org", "www.typescriptlang.org", "docs.stripe.com"}

private_networks := ["10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]

host := lower(regex.replace(input.tool_input.url, `^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/:?#]*).*$`, "$1"))

is_inside if host in {"localhost", "metadata.google.internal", "[::1]"}

is_inside if {
	regex.match(`^\d+\.\d+\.\d+\.\d+$`, host)
	some network in private_networks
	net.cidr_contains(network, host)
}

deny contains decision if {
	is_inside
	decision := {
		"rule_id": "SHOP-WEB-INSIDE",
		"reason": sprintf("`%s` is an address inside the network", [host]),
		"severity": "HIGH",
	}
}

ask contains decision if {
	not is_inside
	not host in known_hosts
	decision := {
		"rule_id": "SHOP-WEB-UNKNOWN",
		"reason": sprintf("`%s` is not among the known sites: may it be read?", [host]),
		"severity": "MEDIUM",
	}
}
