//! Functions of OPA that policies may not call, each with the reason.

/// The functions and what the message about them says after the name.
const REFUSED: [(&str, &str); 5] = [
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
