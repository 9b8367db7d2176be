//! Functions of OPA that policies may not call, each with the reason.

/// The functions and what the message about them says after the name.
pub(super) const REFUSED: &[(&str, &str)] = &[
    (
        "crypto.parse_private_keys",
        "is not offered: a policy has no business with private keys",
    ),
    (
        "crypto.x509.parse_and_verify_certificates",
        "is not offered: give the policy a signal instead",
    ),
    (
        "crypto.x509.parse_and_verify_certificates_with_options",
        "is not offered: give the policy a signal instead",
    ),
    (
        "crypto.x509.parse_certificate_request",
        "is not offered: give the policy a signal instead",
    ),
    (
        "crypto.x509.parse_certificates",
        "is not offered: give the policy a signal instead",
    ),
    (
        "crypto.x509.parse_keypair",
        "is not offered: a policy has no business with private keys",
    ),
    (
        "crypto.x509.parse_rsa_private_key",
        "is not offered: a policy has no business with private keys",
    ),
    (
        "graphql.is_valid",
        "is not offered: use `graphql.parse_query` and look at the tree",
    ),
    (
        "graphql.parse",
        "is not offered: use `graphql.parse_query` and `graphql.parse_schema`",
    ),
    (
        "graphql.parse_and_verify",
        "is not offered: use `graphql.parse_query` and `graphql.parse_schema`",
    ),
    (
        "json.match_schema",
        "is not offered: test the fields that matter",
    ),
    (
        "json.verify_schema",
        "is not offered: test the fields that matter",
    ),
    (
        "rego.metadata.chain",
        "is not offered: a policy cannot read policies",
    ),
    (
        "rego.metadata.rule",
        "is not offered: a policy cannot read policies",
    ),
    (
        "http.send",
        "would reach into the network: give the policy a signal instead",
    ),
    (
        "io.jwt.verify_es512",
        "needs the curve P-521, which is not offered: sign tokens by ES256, ES384 or EdDSA",
    ),
    (
        "net.lookup_ip_addr",
        "would reach into the network: give the policy a signal instead",
    ),
    (
        "opa.runtime",
        "would show the host's environment: give the policy a signal instead",
    ),
    (
        "rego.parse_module",
        "is not offered: a policy cannot read policies",
    ),
];

/// Why policies may not call this function of OPA; `None` if they may, or if OPA has no such function.
pub(crate) fn refusal(name: &str) -> Option<&'static str> {
    let refused = REFUSED.iter().find(|(refused, _)| *refused == name);
    refused.map(|(_, reason)| *reason)
}
