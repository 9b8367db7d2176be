//! The shapes of tokens and keys that are known by how they begin.

use super::alphabet::Alphabet::{self, Alnum, Base64, Bearer, Dashed, Dotted, Hex, Upper, Word};

/// A token that is known by its beginning.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) kind: &'static str,
    pub(super) prefix: &'static str,
    pub(super) alphabet: Alphabet,
    /// How many bytes stand behind the prefix at least, and at most.
    pub(super) least: usize,
    pub(super) most: usize,
    /// Whether the beginning alone says little: then it begins a word, and digits and letters follow.
    pub(super) weak: bool,
}

/// A beginning that nothing but such a token has.
const fn sure(kind: &'static str, prefix: &'static str, alphabet: Alphabet, least: usize) -> Token {
    Token {
        kind,
        prefix,
        alphabet,
        least,
        most: usize::MAX,
        weak: false,
    }
}

/// A beginning that other words may have too.
const fn weak(kind: &'static str, prefix: &'static str, alphabet: Alphabet, least: usize) -> Token {
    Token {
        kind,
        prefix,
        alphabet,
        least,
        most: usize::MAX,
        weak: true,
    }
}

/// The same with an exact length.
const fn exact(kind: &'static str, prefix: &'static str, alphabet: Alphabet, most: usize) -> Token {
    Token {
        most,
        ..weak(kind, prefix, alphabet, most)
    }
}

/// Every beginning, by whose it is. What is public by design, such as `pk_live_`, is not here.
pub(super) const TOKENS: &[Token] = &[
    // Clouds.
    exact("aws", "AKIA", Upper, 16),
    exact("aws", "ASIA", Upper, 16),
    exact("aws", "ABIA", Upper, 16),
    exact("aws", "ACCA", Upper, 16),
    sure("aws", "IQoJb3JpZ2lu", Base64, 40),
    sure("aws", "FwoGZXIvYXdz", Base64, 40),
    sure("aws", "FQoGZXIvYXdz", Base64, 40),
    sure("aws", "amzn.mws.", Dashed, 30),
    sure("aws", "bedrock-api-key-", Base64, 40),
    weak("google", "AIza", Dashed, 30),
    sure("google", "ya29.", Dotted, 20),
    sure("google", "GOCSPX-", Dashed, 20),
    weak("google", "1//0", Dashed, 30),
    weak("alibaba", "LTAI", Alnum, 16),
    weak("tencent", "AKID", Alnum, 24),
    sure("digitalocean", "dop_v1_", Hex, 40),
    sure("digitalocean", "doo_v1_", Hex, 40),
    sure("digitalocean", "dor_v1_", Hex, 40),
    sure("fly", "FlyV1 ", Bearer, 20),
    weak("fly", "fo1_", Dashed, 30),
    sure("heroku", "HRKU-", Dashed, 30),
    sure("netlify", "nfp_", Alnum, 30),
    sure("pulumi", "pul-", Hex, 40),
    sure("terraform", ".atlasv1.", Base64, 30),
    sure("vault", "hvs.", Dashed, 20),
    sure("vault", "hvb.", Dashed, 20),
    sure("vault", "hvr.", Dashed, 20),
    sure("doppler", "dp.pt.", Dotted, 20),
    sure("doppler", "dp.st.", Dotted, 20),
    sure("doppler", "dp.ct.", Dotted, 20),
    sure("tailscale", "tskey-", Dashed, 16),
    sure("databricks", "dapi", Hex, 32),
    sure("planetscale", "pscale_", Dotted, 20),
    sure("supabase", "sbp_", Hex, 40),
    sure("supabase", "sb_secret_", Dashed, 20),
    // Code and packages.
    sure("github", "ghp_", Alnum, 16),
    sure("github", "gho_", Alnum, 16),
    sure("github", "ghu_", Alnum, 16),
    sure("github", "ghs_", Alnum, 16),
    sure("github", "ghr_", Alnum, 16),
    sure("github", "github_pat_", Word, 20),
    sure("gitlab", "glpat-", Dotted, 16),
    sure("gitlab", "gloas-", Dotted, 20),
    sure("gitlab", "gldt-", Dotted, 16),
    sure("gitlab", "glrt-", Dotted, 16),
    sure("gitlab", "glcbt-", Dotted, 16),
    sure("gitlab", "glptt-", Dotted, 16),
    sure("gitlab", "glft-", Dotted, 16),
    sure("gitlab", "glimt-", Dotted, 16),
    sure("gitlab", "glagent-", Dotted, 16),
    sure("gitlab", "glsoat-", Dotted, 16),
    weak("bitbucket", "ATBB", Alnum, 28),
    sure("atlassian", "ATATT3", Base64, 40),
    sure("atlassian", "ATCTT3", Base64, 40),
    sure("npm", "npm_", Alnum, 30),
    sure("pypi", "pypi-AgE", Dashed, 20),
    sure("rubygems", "rubygems_", Hex, 40),
    weak("nuget", "oy2", Alnum, 43),
    weak("crates", "cio", Alnum, 32),
    sure("docker", "dckr_pat_", Dashed, 20),
    sure("docker", "dckr_oat_", Dashed, 20),
    sure("circleci", "CCIPAT_", Word, 20),
    sure("circleci", "CCIPRJ_", Word, 20),
    sure("buildkite", "bkua_", Hex, 32),
    sure("sourcegraph", "sgp_", Word, 30),
    weak("artifactory", "AKCp", Alnum, 60),
    sure("sonarqube", "squ_", Hex, 40),
    sure("sonarqube", "sqp_", Hex, 40),
    sure("vercel", "vcp_", Alnum, 24),
    // Models.
    weak("anthropic", "sk-ant-", Dashed, 16),
    weak("openrouter", "sk-or-", Dashed, 20),
    weak("openai", "sk-", Dashed, 20),
    weak("openai", "sess-", Alnum, 30),
    weak("huggingface", "hf_", Alnum, 30),
    weak("replicate", "r8_", Alnum, 30),
    sure("groq", "gsk_", Alnum, 30),
    sure("xai", "xai-", Alnum, 40),
    sure("perplexity", "pplx-", Alnum, 32),
    sure("nvidia", "nvapi-", Dashed, 32),
    sure("langsmith", "lsv2_", Word, 32),
    sure("tavily", "tvly-", Dashed, 20),
    sure("apify", "apify_api_", Alnum, 20),
    // Payment and shops.
    sure("stripe", "sk_live_", Alnum, 10),
    sure("stripe", "sk_test_", Alnum, 10),
    sure("stripe", "rk_live_", Alnum, 10),
    sure("stripe", "rk_test_", Alnum, 10),
    sure("stripe", "whsec_", Base64, 16),
    sure("square", "sq0atp-", Dashed, 20),
    sure("square", "sq0csp-", Dashed, 20),
    sure("shopify", "shpat_", Hex, 32),
    sure("shopify", "shpca_", Hex, 32),
    sure("shopify", "shppa_", Hex, 32),
    sure("shopify", "shpss_", Hex, 32),
    sure("plaid", "access-sandbox-", Dashed, 30),
    sure("plaid", "access-production-", Dashed, 30),
    sure("braintree", "access_token$production$", Alnum, 16),
    sure("shippo", "shippo_live_", Hex, 40),
    // Messages and mail.
    sure("slack", "xoxb-", Dashed, 10),
    sure("slack", "xoxp-", Dashed, 10),
    sure("slack", "xoxa-", Dashed, 10),
    sure("slack", "xoxr-", Dashed, 10),
    sure("slack", "xoxs-", Dashed, 10),
    sure("slack", "xoxc-", Dashed, 10),
    sure("slack", "xoxd-", Base64, 10),
    sure("slack", "xoxe-", Dashed, 10),
    sure("slack", "xoxe.", Dotted, 10),
    sure("slack", "xapp-", Dashed, 20),
    sure("slack", "hooks.slack.com/services/", Base64, 20),
    sure("slack", "hooks.slack.com/workflows/", Base64, 20),
    sure("discord", "discord.com/api/webhooks/", Base64, 30),
    sure("discord", "discordapp.com/api/webhooks/", Base64, 30),
    weak("sendgrid", "SG.", Dotted, 40),
    sure("brevo", "xkeysib-", Dashed, 40),
    weak("mailgun", "key-", Hex, 32),
    exact("twilio", "SK", Hex, 32),
    sure("facebook", "EAACEdEose0cBA", Alnum, 10),
    weak("facebook", "EAAG", Alnum, 60),
    sure("dropbox", "sl.B", Dashed, 40),
    // Watching and working together.
    sure("grafana", "glsa_", Word, 30),
    sure("grafana", "glc_", Base64, 32),
    sure("newrelic", "NRAK-", Alnum, 24),
    sure("newrelic", "NRJS-", Alnum, 16),
    sure("sentry", "sntrys_", Base64, 30),
    sure("sentry", "sntryu_", Hex, 40),
    sure("posthog", "phx_", Alnum, 30),
    sure("postman", "PMAK-", Dashed, 30),
    sure("linear", "lin_api_", Alnum, 30),
    sure("linear", "lin_oauth_", Alnum, 30),
    sure("notion", "ntn_", Alnum, 30),
    sure("notion", "secret_", Alnum, 40),
    sure("figma", "figd_", Dashed, 30),
    sure("contentful", "CFPAT-", Dashed, 30),
    // Keys of people.
    sure("1password", "ops_eyJ", Base64, 40),
    sure("age", "AGE-SECRET-KEY-1", Upper, 40),
];
