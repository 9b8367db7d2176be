//! `llmspell serve`: keeps projects warm for the hooks of many agents.

mod address;
mod warm;
mod wire;

use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use clap::Args;
use llmspell_engine::{
    EngineOptions, Event, EventLimits, GlobalConfig, Harness, PolicyLanguage, Project, TraceContext,
};

use crate::answer::answer;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::hook::{Budget, Call, reason, settle};
use crate::settings::Settings;
pub(crate) use address::{connect, usual};
use warm::{Sort, Warm};
pub(crate) use wire::{Answer, Question, likeness, receive, send};

/// How long a hook may take to say what it wants, or to take the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Hooks that are answered at the same time.
const SIDE_BY_SIDE: usize = 16;

/// What `llmspell serve` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// Where to listen [default: `llmspell/hook.sock` in the folder of the session, where hooks look for it]
    #[arg(long, value_name = "FILE")]
    socket: Option<PathBuf>,
}

const EXAMPLE: &str = "\
Hooks of projects with `server = true` under `[hook]` use it when it is there, and decide by themselves when it is
not, with the same answer.

Example:
  llmspell serve &";

/// Runs the command, until it is ended.
pub(crate) fn serve(arguments: &Arguments) -> Result<Exit, Failure> {
    let socket = arguments.socket.clone().or_else(usual);
    let socket = socket.ok_or_else(|| {
        Failure::fault(
            "there is no place to listen: neither `XDG_RUNTIME_DIR` nor `HOME` names a folder",
            "name one with `--socket FILE`, and the same in `LLMSPELL_SOCKET` for hooks",
        )
    })?;
    let listener = listen(&socket).map_err(|error| {
        Failure::fault(
            format_args!("{}: cannot listen here: {error}", socket.display()),
            "name another place with `--socket FILE`, or end the server that listens here",
        )
    })?;
    let server = Server {
        likeness: likeness(),
        warm: Warm::default(),
        languages: llmspell_bridge::policy_languages(),
    };
    answer(&format!("listening at {}\n", socket.display()))?;
    thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| server.answer_all(&listener));
        }
    });
    Ok(Exit::Done)
}

/// Listens at a place, where a server that has ended may have left its socket.
fn listen(socket: &Path) -> io::Result<UnixListener> {
    address::prepare(socket)?;
    match UnixListener::bind(socket) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            if UnixStream::connect(socket).is_ok() {
                return Err(io::Error::new(error.kind(), "another server listens"));
            }
            std::fs::remove_file(socket)?;
            UnixListener::bind(socket)
        }
        bound => bound,
    }
}

/// What all threads of the server share.
struct Server {
    likeness: String,
    warm: Warm,
    languages: Vec<Arc<dyn PolicyLanguage>>,
}

impl Server {
    /// Answers one hook after the other.
    fn answer_all(&self, listener: &UnixListener) {
        for stream in listener.incoming().flatten() {
            // A hook that gets no answer decides by itself.
            let _ = self.answer(stream);
        }
    }

    fn answer(&self, mut stream: UnixStream) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        if !address::is_one_of_us(&stream) {
            return Ok(());
        }
        let limits = EventLimits::default();
        let (question, text) = receive(&mut stream, limits.bytes, |question: &Question| {
            question.length
        })?;
        // Whatever breaks down here may go well in the hook, or break down there.
        let answer = catch_unwind(AssertUnwindSafe(|| self.decide(&question, &text)));
        let (answer, reply) = answer
            .ok()
            .flatten()
            .unwrap_or((Answer::Unserved, String::new()));
        send(&mut stream, &answer, reply.as_bytes())
    }

    /// The answer; none, if the hook has to decide by itself.
    fn decide(&self, question: &Question, text: &[u8]) -> Option<(Answer, String)> {
        if question.likeness != self.likeness {
            return None;
        }
        let harness = Harness::from_name(&question.harness)?;
        let project = Project::at(&question.root).ok()?;
        let event = Event::parse(text, &EventLimits::default()).ok()?;
        let settings = Settings::for_hook(project.root()).ok()?;
        if settings.debug.is_some() {
            return None;
        }
        let budget = Budget::of_server(settings.deadline);
        let global = question.global_config.clone();
        let options = budget.split(EngineOptions {
            harness: Some(harness),
            languages: self.languages.clone(),
            global: global.map_or(GlobalConfig::Discover, GlobalConfig::At),
            ..EngineOptions::default()
        });
        let sort = Sort {
            root: question.root.clone(),
            global_config: question.global_config.clone(),
            harness,
            event: event.name().to_owned(),
            tool: event.tool().map(str::to_owned),
        };
        let trace = question.trace_parent.as_deref().map(TraceContext::parse);
        let call = Call {
            harness,
            project: &project,
            event: &event,
            trace: trace.as_ref(),
        };
        let engine = self.warm.engine(&sort, &project, &event, &options);
        let reply = engine
            .map_err(|error| reason(&error))
            .and_then(|engine| settle(&engine, &call, budget));
        Some(match reply {
            Ok(reply) => {
                let answer = Answer::Reply {
                    exit_code: reply.exit_code,
                    notice: reply.notice,
                    length: reply.text.len(),
                };
                (answer, reply.text)
            }
            Err(reason) => (Answer::Refusal { reason }, String::new()),
        })
    }
}
