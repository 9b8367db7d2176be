# METADATA
# scope: package
# title: Keep keys and passwords out of the conversation
# custom:
#   severity: HIGH
#   id: SHOP-SECRET-PROMPT
#   routing:
#     required_events: ["UserPromptSubmit"]
package cupcake.policies.secrets_in_prompts

patterns := {
	"a cloud access key": `\bAKIA[0-9A-Z]{16}\b`,
	"a GitHub token": `\bgh[pousr]_[A-Za-z0-9]{36}\b`,
	"a private key": `-----BEGIN [A-Z ]*PRIVATE KEY-----`,
	"a database address with its password": `\b(?:postgres(?:ql)?|mysql)://[^\s:/@]+:[^\s@]+@`,
}

block contains decision if {
	some what, pattern in patterns
	regex.match(pattern, input.prompt)
	decision := {
		"rule_id": "SHOP-SECRET-PROMPT",
		"reason": sprintf("the prompt holds %s: take it out, and replace it if it was real", [what]),
		"severity": "HIGH",
	}
}
