//! The queue in front of a slow output: what waits, what is lost, and who hears of it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use llmspell_utils::debug::{
    BufferOutput, DebugEntry, DebugLevel, DebugOutput, FanOut, NullOutput, OutputTrouble,
    QueueLimits, Queued,
};

use super::support::{Gate, Moody, Talkative, eventually, manager, messages, reports};

fn queued(output: Arc<dyn DebugOutput>) -> Arc<Queued> {
    queued_with(output, QueueLimits::default())
}

fn queued_with(output: Arc<dyn DebugOutput>, limits: QueueLimits) -> Arc<Queued> {
    Arc::new(Queued::new(output, limits).unwrap())
}

/// Limits of so many entries and any bytes.
fn entries(entries: usize) -> QueueLimits {
    QueueLimits {
        entries,
        bytes: usize::MAX,
    }
}

#[test]
fn entries_arrive_in_order_and_a_flush_waits_for_them() {
    let buffer = Arc::new(BufferOutput::default());
    let manager = manager();
    manager.set_output(queued(buffer.clone()));
    for number in 0..1_000 {
        manager.log(DebugLevel::Info, None, number);
    }
    manager.flush().unwrap();
    let arrived: Vec<_> = buffer
        .entries(None)
        .iter()
        .map(|entry| entry.message.clone())
        .collect();
    let expected: Vec<_> = (0..1_000).map(|number| number.to_string()).collect();
    assert_eq!(arrived, expected);
    assert_eq!(manager.dropped(), 0);
}

#[test]
fn whoever_logs_never_waits_and_a_full_queue_drops_the_newest() {
    let gate = Arc::new(Gate::default());
    let queue = queued_with(gate.clone(), entries(3));
    let manager = manager();
    manager.set_output(queue.clone());
    manager.log(DebugLevel::Info, None, "in hand");
    eventually("the thread takes the first entry", || {
        gate.entered.load(Ordering::SeqCst) == 1
    });
    for message in ["waits", "waits too", "dropped", "dropped too"] {
        manager.log(DebugLevel::Info, None, message);
    }
    assert_eq!(
        (manager.dropped(), queue.lost(), queue.on_the_way()),
        (2, 2, 3)
    );
    assert_eq!(
        reports(&manager),
        [
            "output `gate` fails and entries are lost: its queue is full, and the newest entries are dropped"
        ]
    );
    assert_eq!(messages(&manager).len(), 6, "all are captured");

    gate.open();
    manager.flush().unwrap();
    manager.log(DebugLevel::Info, None, "fits again");
    manager.flush().unwrap();
    assert_eq!(
        *gate.messages.lock(),
        [
            "in hand",
            "waits",
            "waits too",
            "2 entries before this one are lost: output `gate` failed",
            "fits again"
        ]
    );
    assert_eq!((manager.dropped(), queue.on_the_way()), (2, 0));
}

#[test]
fn a_queue_is_bounded_in_bytes_too() {
    let gate = Arc::new(Gate::default());
    let limits = QueueLimits {
        entries: usize::MAX,
        bytes: 10_000,
    };
    let queue = queued_with(gate.clone(), limits);
    let manager = manager();
    manager.set_output(queue.clone());
    manager.log(DebugLevel::Info, None, "x".repeat(20_000));
    assert_eq!((queue.on_the_way(), queue.lost()), (0, 1), "it never fits");
    for _ in 0..10 {
        manager.log(DebugLevel::Info, None, "x".repeat(4_000));
    }
    assert_eq!((queue.on_the_way(), queue.lost()), (2, 9));
    gate.open();
    manager.flush().unwrap();
    manager.log(DebugLevel::Info, None, "x".repeat(4_000));
    assert_eq!(queue.lost(), 9, "there is room again");
    assert_eq!(manager.dropped(), 9);
}

#[test]
fn what_nobody_is_there_for_waits_and_is_sent_when_somebody_comes() {
    let output = Arc::new(Moody::failing(io::ErrorKind::ConnectionRefused));
    let manager = manager();
    manager.set_output(queued(output.clone()));
    manager.log(DebugLevel::Info, None, "one");
    manager.log(DebugLevel::Info, None, "two");
    assert!(manager.flush().is_err());
    let error = manager.flush().unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("2 entries are still on the way: connection refused"),
        "{error}"
    );
    output.set(None);
    manager.flush().unwrap();
    assert_eq!(output.written(), ["one", "two"]);
    assert_eq!(manager.dropped(), 0);
    let reports = reports(&manager);
    assert_eq!(reports.len(), 1, "{reports:?}");
    assert!(
        reports[0].starts_with("output `moody` is in trouble: ")
            && reports[0].ends_with(
                "connection refused; entries wait in a queue, and are lost when it is full"
            ),
        "{reports:?}"
    );
}

#[test]
fn an_entry_that_the_output_refuses_is_lost_and_the_next_one_is_tried() {
    let output = Arc::new(Moody::failing(io::ErrorKind::StorageFull));
    let queue = queued(output.clone());
    let manager = manager();
    manager.set_output(queue.clone());
    for _ in 0..3 {
        manager.log(DebugLevel::Info, None, "lost");
    }
    assert!(manager.flush().is_err());
    assert_eq!((manager.dropped(), queue.lost()), (3, 3));
    output.set(None);
    manager.log(DebugLevel::Info, None, "arrives");
    manager.flush().unwrap();
    assert_eq!(
        output.written(),
        [
            "3 entries before this one are lost: output `moody` failed",
            "arrives"
        ]
    );
    assert_eq!((manager.dropped(), reports(&manager).len()), (3, 1));
}

#[test]
fn an_unreachable_output_is_reported_once_and_each_loss_is_counted() {
    let output = Arc::new(Moody::failing(io::ErrorKind::NotConnected));
    let queue = queued_with(output.clone(), entries(10));
    let manager = manager();
    manager.set_output(queue.clone());
    manager.log(DebugLevel::Info, None, "first");
    eventually("it is tried", || output.refused.load(Ordering::SeqCst) > 0);
    for number in 0..99 {
        manager.log(DebugLevel::Info, None, number);
    }
    assert_eq!((manager.dropped(), queue.on_the_way()), (90, 10));
    let reports = reports(&manager);
    assert_eq!(
        reports.len(),
        2,
        "the failure, and that the queue is full: {reports:?}"
    );
    assert!(reports[0].contains("not connected"), "{reports:?}");
    assert!(reports[1].contains("its queue is full"), "{reports:?}");
}

#[test]
fn a_queue_that_is_dropped_empties_itself_first() {
    let output = Arc::new(Moody::default());
    let queue = queued(output.clone());
    for number in 0..100 {
        let entry = DebugEntry::new(Default::default(), DebugLevel::Info, number.to_string());
        queue.write(&entry).unwrap();
    }
    drop(queue);
    assert_eq!(output.written().len(), 100);
}

/// An output that keeps everything to itself until it is flushed.
#[derive(Debug, Default)]
struct Hoarding {
    held: Moody,
    flushed: AtomicUsize,
}

impl DebugOutput for Hoarding {
    fn write(&self, entry: &DebugEntry) -> io::Result<()> {
        self.held.write(entry)
    }

    fn flush(&self) -> io::Result<()> {
        self.flushed
            .store(self.held.written().len(), Ordering::SeqCst);
        Err(io::Error::other("half of it arrived"))
    }

    fn name(&self) -> &str {
        "hoarding"
    }
}

#[test]
fn the_output_itself_is_flushed_after_what_has_waited_and_when_the_queue_is_dropped() {
    let output = Arc::new(Hoarding::default());
    let manager = manager();
    manager.set_output(queued(output.clone()));
    for _ in 0..100 {
        manager.log(DebugLevel::Info, None, "x");
    }
    let error = manager.flush().unwrap_err();
    assert_eq!(error.to_string(), "half of it arrived");
    assert_eq!(output.flushed.load(Ordering::SeqCst), 100);
    manager.log(DebugLevel::Info, None, "x");
    manager.set_output(Arc::new(NullOutput));
    assert_eq!(output.flushed.load(Ordering::SeqCst), 101);
}

#[test]
fn a_queue_that_is_dropped_does_not_wait_long_for_an_output_that_hangs() {
    let gate = Arc::new(Gate::default());
    let queue = queued(gate.clone());
    let entry = DebugEntry::new(Default::default(), DebugLevel::Info, "stuck");
    queue.write(&entry).unwrap();
    queue.write(&entry).unwrap();
    let started = Instant::now();
    let error = queue.flush().unwrap_err();
    assert_eq!(error.to_string(), "2 entries are still on the way");
    drop(queue);
    assert!(
        started.elapsed() < Duration::from_secs(60),
        "the gate never opens"
    );
    gate.open();
    eventually("the thread comes back and ends", || {
        Arc::strong_count(&gate) == 1
    });
    assert_eq!(*gate.messages.lock(), ["stuck"], "only what was in hand");
}

#[test]
fn a_queue_that_is_dropped_gives_up_at_once_if_nobody_is_there() {
    let output = Arc::new(Moody::failing(io::ErrorKind::ConnectionRefused));
    let queue = queued(output.clone());
    for _ in 0..1_000 {
        let entry = DebugEntry::new(Default::default(), DebugLevel::Info, "x");
        // The first failure may be told here.
        let _ = queue.write(&entry);
    }
    drop(queue);
    eventually("the thread ends", || Arc::strong_count(&output) == 1);
    assert!(output.refused.load(Ordering::SeqCst) < 1_000);
}

#[test]
fn what_a_queue_loses_when_another_output_takes_its_place_is_counted_and_reported() {
    let refusing = Arc::new(Moody::failing(io::ErrorKind::ConnectionRefused));
    let hanging = Arc::new(Gate::default());
    let known = Arc::new(BufferOutput::default());
    let fan_out = FanOut::new(vec![known.clone(), queued(hanging.clone())]);
    let outputs: [Arc<dyn DebugOutput>; 2] = [queued(refusing), Arc::new(fan_out)];
    let reasons = [
        "connection refused",
        "it is closed before everything is written",
    ];
    // What is in hand of an output that hangs may still arrive.
    let lost = [10, 9];
    for ((output, reason), lost) in outputs.into_iter().zip(reasons).zip(lost) {
        let manager = manager();
        manager.set_output(output);
        manager.log(DebugLevel::Info, None, "x");
        eventually("the first one is in hand", || {
            hanging.entered.load(Ordering::SeqCst) > 0 || known.is_empty()
        });
        for _ in 1..10 {
            manager.log(DebugLevel::Info, None, "x");
        }
        manager.set_output(Arc::new(NullOutput));
        assert_eq!(manager.dropped(), lost);
        let reports = reports(&manager);
        assert_eq!(reports.len(), 1, "{reports:?}");
        assert!(reports[0].contains(reason), "{reports:?}");
    }
    hanging.open();
}

#[test]
fn a_queue_that_somebody_else_holds_goes_on() {
    let output = Arc::new(Gate::default());
    let queue = queued(output.clone());
    let manager = manager();
    manager.set_output(queue.clone());
    manager.log(DebugLevel::Info, None, "one");
    manager.set_output(Arc::new(NullOutput));
    manager.set_output(queue);
    manager.log(DebugLevel::Info, None, "two");
    output.open();
    manager.flush().unwrap();
    assert_eq!(*output.messages.lock(), ["one", "two"]);
}

#[test]
fn an_output_that_logs_while_it_writes_does_not_keep_its_queue_busy_for_ever() {
    let manager = Arc::new(manager());
    let output = Arc::new(Talkative::default());
    assert!(output.manager.set(Arc::clone(&manager)).is_ok());
    manager.set_output(queued(output.clone()));
    manager.log(DebugLevel::Info, None, "from outside");
    manager.flush().unwrap();
    assert_eq!(output.written.load(Ordering::Relaxed), 1);
    assert_eq!(
        messages(&manager).len(),
        3,
        "both, and the report: {:?}",
        messages(&manager)
    );
    manager.set_output(Arc::new(NullOutput));
}

#[derive(Debug)]
struct Panicking;

impl DebugOutput for Panicking {
    fn write(&self, _entry: &DebugEntry) -> io::Result<()> {
        panic!("an output of an embedder may do that")
    }

    fn name(&self) -> &str {
        "panicking"
    }
}

#[test]
fn an_output_that_panics_ends_its_queue_and_nothing_else() {
    let queue = queued(Arc::new(Panicking));
    let manager = manager();
    manager.set_output(queue.clone());
    manager.log(DebugLevel::Info, None, "one");
    eventually("the thread ends", || queue.lost() == 1);
    manager.log(DebugLevel::Info, None, "two");
    assert!(manager.flush().is_ok());
    assert_eq!((manager.dropped(), queue.on_the_way()), (2, 0));
    assert_eq!(
        reports(&manager),
        ["output `panicking` fails and entries are lost: its thread has ended"]
    );
}

#[test]
fn threads_that_log_into_one_queue_lose_nothing_without_a_count() {
    let output = Arc::new(Moody::default());
    let queue = queued_with(output.clone(), entries(500));
    let manager = manager();
    manager.set_output(queue.clone());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..5_000 {
                    manager.log(DebugLevel::Info, None, number);
                }
            });
        }
    });
    manager.flush().unwrap();
    let written = output.written();
    let arrived = written
        .iter()
        .filter(|message| !message.contains("output `moody` failed"))
        .count() as u64;
    assert_eq!(arrived + queue.lost(), 20_000);
    assert_eq!(manager.dropped(), queue.lost());
    let marked: u64 = written
        .iter()
        .filter(|message| message.contains("output `moody` failed"))
        .filter_map(|message| message.split(' ').next()?.parse::<u64>().ok())
        .sum();
    assert!(marked <= queue.lost(), "the last gap is not marked yet");
}

#[test]
fn a_queue_inside_a_fan_out_tells_its_losses_through_it() {
    let fine = Arc::new(BufferOutput::default());
    let moody = Arc::new(Moody::failing(io::ErrorKind::StorageFull));
    let manager = manager();
    manager.set_output(Arc::new(FanOut::new(vec![fine.clone(), queued(moody)])));
    manager.log(DebugLevel::Info, None, "one");
    let error = manager.flush().unwrap_err();
    assert_eq!(OutputTrouble::of(&error).map(OutputTrouble::lost), Some(1));
    assert_eq!((manager.dropped(), fine.len()), (1, 1));
    assert_eq!(
        reports(&manager),
        ["output `buffer+moody` fails and entries are lost: moody: no storage space"]
    );
}
