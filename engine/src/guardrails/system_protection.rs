//! `system_protection`: the paths of the system and the user's keys, and whoever wants to be another user.

use super::paths::Protected;
use super::settings::SystemProtection;
use super::station::Station;
use super::verdict::{Refusal, described};
use crate::decision::Verb;
use crate::evaluator::{Answers, Evaluator, Moment};
use crate::shell::{Effect, EffectKind};
use crate::value::Value;

pub(super) const ID: &str = "GLOBAL-BUILTIN-SYSTEM-PROTECTION";
const MESSAGE: &str = "paths of the system are protected";

const PATHS: [&str; 27] = [
    "/etc",
    "/System",
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib",
    "/bin",
    "/sbin",
    "/boot",
    "/lib",
    "/lib64",
    "/sys",
    "/proc",
    "/dev",
    "/root",
    "/var/log/secure",
    "/var/log/auth.log",
    "/Library/LaunchAgents",
    "/Library/LaunchDaemons",
    "/Library/Preferences",
    "/private/etc",
    "~/.ssh",
    "~/.gnupg",
    "~/Library/LaunchAgents",
    "~/.config/systemd",
    "~/.config/autostart",
    "~/.local/share/keyrings",
    "/var/spool/cron",
];
/// Paths of Windows, compared as text.
const WINDOWS_PATHS: [&str; 5] = [
    "c:/windows",
    "c:/program files",
    "c:/programdata",
    "%systemroot%",
    "%windir%",
];
/// Files there that hold nothing to protect.
const HARMLESS: [&str; 24] = [
    "/dev/null",
    "/dev/zero",
    "/dev/stdin",
    "/dev/stdout",
    "/dev/stderr",
    "/dev/tty",
    "/dev/random",
    "/dev/urandom",
    "/dev/full",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/version",
    "/proc/uptime",
    "/proc/loadavg",
    "/etc/os-release",
    "/etc/lsb-release",
    "/etc/debian_version",
    "/etc/timezone",
    "/etc/localtime",
    "/etc/hostname",
    "/etc/shells",
    "/usr/lib/os-release",
    "/etc/machine-info",
    "/etc/issue",
];
/// Programs that make somebody another user.
const ELEVATING: [&str; 7] = ["sudo", "doas", "su", "pkexec", "runas", "gosu", "su-exec"];

#[derive(Debug)]
pub(super) struct SystemProtectionGuardrail {
    station: Station,
    refusal: Refusal,
    protected: Protected,
}

impl SystemProtectionGuardrail {
    pub(super) fn new(settings: SystemProtection, station: Station) -> Self {
        // The home directory of the super-user is a home directory like any other for the super-user.
        let is_home = |path: &str| !station.home.is_empty() && station.home.starts_with(path);
        let paths = PATHS.iter().filter(|path| !is_home(path));
        let mut paths: Vec<String> = paths.map(|path| (*path).to_owned()).collect();
        paths.extend(settings.additional_paths);
        Self {
            refusal: Refusal {
                verb: Verb::Halt,
                rule_id: ID,
                severity: "CRITICAL",
                message: settings.message.unwrap_or_else(|| MESSAGE.to_owned()),
            },
            protected: Protected::shallow(&paths, &station),
            station,
        }
    }
}

impl Evaluator for SystemProtectionGuardrail {
    fn evaluate(&self, input: &Value, _moment: Moment, answers: &mut Answers<'_, '_>) {
        let Some(action) = self.refusal.judged(input, &self.station, answers) else {
            return;
        };
        let elevating = action
            .invocations()
            .filter_map(|invocation| invocation.program.as_deref())
            .find(|program| ELEVATING.contains(program));
        if let Some(program) = elevating {
            return self.refusal.say(
                answers,
                &format!(
                    "`{program}` makes the command another user's; run it without, or let a person run it"
                ),
            );
        }
        let effects = || action.effects.iter().filter(|effect| !is_harmless(effect));
        // To run a program of the system is what it is there for.
        let concerns = |kind: EffectKind| kind != EffectKind::Execute;
        if let Some(effect) = self.protected.touched(action, effects(), concerns) {
            return self.refusal.say(answers, &described(effect));
        }
        if let Some(effect) = effects().find(|effect| is_of_windows(effect)) {
            return self.refusal.say(answers, &described(effect));
        }
        let names_system = action.code().any(|code| {
            let text = code.shown().to_lowercase();
            ["/etc/", "/boot/", "/.ssh", "/usr/bin/", "/root/"]
                .iter()
                .any(|path| text.contains(path))
        });
        if names_system {
            self.refusal
                .say(answers, "a program in another language names one of them");
        }
    }
}

fn is_harmless(effect: &Effect) -> bool {
    let Some(path) = effect.path.known() else {
        return false;
    };
    let is_read_only =
        path.starts_with("/proc/") || path.starts_with("/etc/") || path.starts_with("/usr/");
    let is_listed = HARMLESS.contains(&path) && (!is_read_only || effect.kind == EffectKind::Read);
    let is_descriptor = path
        .strip_prefix("/dev/fd/")
        .is_some_and(|number| number.chars().all(|sign| sign.is_ascii_digit()));
    is_listed || is_descriptor
}

fn is_of_windows(effect: &Effect) -> bool {
    let path = effect.written.shown().to_lowercase().replace('\\', "/");
    WINDOWS_PATHS.iter().any(|start| path.starts_with(start))
}
