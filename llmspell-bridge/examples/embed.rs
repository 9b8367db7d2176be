//! Embeds JavaScript automation into a program: an object of the program, a project's policies, limits.
//!
//!     cargo run -p llmspell-bridge --example embed

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use llmspell_bridge::{
    Arguments, Language, Method, SandboxLimits, Script, ScriptError, ScriptHost, ScriptObject,
    ScriptValue, StandardStreams,
};
use llmspell_engine::EngineOptions;

/// What the program offers its scripts.
struct Deployment {
    environment: String,
}

impl ScriptObject for Deployment {
    const NAME: &'static str = "Deployment";
    const METHODS: &'static [Method<Self>] = &[Method::new("command", Self::command)];
    const FIELDS: &'static [&'static str] = &["environment"];

    fn read_field(&self, name: &str) -> Option<ScriptValue> {
        (name == "environment").then(|| self.environment.as_str().into())
    }
}

impl Deployment {
    /// `deployment.command(service)`: the command that would deploy it.
    fn command(&self, arguments: &dyn Arguments) -> Result<ScriptValue, ScriptError> {
        let service = arguments.text(0).unwrap_or_else(|| "everything".to_owned());
        Ok(format!("make deploy SERVICE={service} ENV={}", self.environment).into())
    }
}

const SCRIPT: &str = "\
const command = deployment.command('checkout');
const event = { hook_event_name: 'PreToolUse', tool_name: 'Bash', tool_input: { command }, cwd: '/home/dev/shop' };
const { decision, reason } = Cupcake.eval(event);
console.log(`${deployment.environment}: ${command}: ${decision} ${reason}`);
decision !== 'deny';
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/policy_gate");
    let deployment = Deployment {
        environment: "staging".to_owned(),
    };
    let mut host = ScriptHost::builder(Language::JavaScript)
        .project(project, EngineOptions::default())
        .limits(SandboxLimits {
            timeout: Some(Duration::from_secs(2)),
            ..SandboxLimits::default()
        })
        .output(Arc::new(StandardStreams::default()))
        .global("deployment", Arc::new(deployment))
        .build()?;
    let may_go_on = host
        .run(&Script::new("deploy.js", SCRIPT))?
        .as_bool()?
        .to_owned();
    if !may_go_on {
        return Err("the policies do not allow this deployment".into());
    }
    Ok(())
}
