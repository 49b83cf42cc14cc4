//! A measurement in a process of its own: its memory is its own, and what ends it, a panic
//! in a driver or want of memory, ends nothing else.

use std::{
    io::{self, BufRead, Read, Write},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use anyhow::Context;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use trainer::{
    StopFlag,
    bench::{BenchConfig, ops::OpsConfig, rss_mb, too_much},
    last_words,
};

use crate::cli::{of_flag, print};

/// The flag by which a process knows that it is such a one.
pub const FLAG: &str = "--child";

/// What a process is to do: a line of JSON on its standard input. The answer is JSON on its
/// standard output.
#[derive(Serialize, Deserialize)]
pub enum Job {
    /// Measure: the answer is a [`Measurement`](trainer::bench::Measurement).
    Measure(BenchConfig),
    /// Find out whether it can be measured: the answer is the peak of the memory.
    TryOut(BenchConfig),
    /// Measure operations: the answer is an
    /// [`OpsMeasurement`](trainer::bench::ops::OpsMeasurement).
    Ops(OpsConfig),
}

/// Does the job that stands on standard input.
pub fn work() -> anyhow::Result<()> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let job: Job = serde_json::from_str(&line)
        .with_context(|| format!("{FLAG} is for the program itself: no job on standard input"))?;
    // Whoever gave the job keeps the other end open. Without it, nobody waits for an answer.
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        std::process::exit(1);
    });
    let answer = match job {
        Job::Measure(config) => serde_json::to_string(&config.run().map_err(of_flag)?)?,
        Job::TryOut(config) => serde_json::to_string(&config.try_out().map_err(of_flag)?)?,
        Job::Ops(config) => serde_json::to_string(&config.run().map_err(of_flag)?)?,
    };
    Ok(print(&answer)?)
}

/// How a process ended.
pub enum Ended<T> {
    /// With an answer.
    Done(T),
    /// Without.
    Failed(Failure),
    /// By a signal to this process, which stops all.
    Interrupted,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Half a sentence.
    pub message: String,
    /// 2 for bad usage, 1 for what went wrong.
    pub code: u8,
}

/// How often it is looked whether a process has ended, or has taken too much memory.
const PAUSE: Duration = Duration::from_millis(10);

/// Has a job done. The process is ended if it takes more than `limit_mb`.
pub fn run<T: DeserializeOwned>(
    job: &Job,
    limit_mb: Option<f64>,
    stop: &StopFlag,
) -> anyhow::Result<Ended<T>> {
    let program = std::env::current_exe().context("cannot find the program itself")?;
    let mut child = Command::new(program)
        .args(["bench", FLAG])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start a process of its own for a measurement")?;
    // Kept open until the process has ended.
    let mut input = child.stdin.take().context("no way into the process")?;
    // A process that is gone already says why by other means.
    let _ = writeln!(input, "{}", serde_json::to_string(job)?);
    let output = read_aside(child.stdout.take().context("no way out of the process")?);
    let errors = read_aside(child.stderr.take().context("no way out of the process")?);
    let end = wait(&mut child, limit_mb, stop)?;
    let output = output.join().unwrap_or_default();
    let errors = String::from_utf8_lossy(&errors.join().unwrap_or_default()).into_owned();
    Ok(match end {
        End::Stopped => Ended::Interrupted,
        End::TookMore(limit) => Ended::Failed(Failure {
            message: too_much(limit),
            code: 1,
        }),
        End::Itself(status) if status.success() => match serde_json::from_slice(&output) {
            Ok(answer) => Ended::Done(answer),
            Err(error) => Ended::Failed(Failure {
                message: format!("its answer cannot be read: {error}"),
                code: 1,
            }),
        },
        End::Itself(status) => Ended::Failed(Failure {
            message: why(status, &errors),
            code: if status.code() == Some(2) { 2 } else { 1 },
        }),
    })
}

/// Reads what a process says while it works: a full pipe would stop it.
fn read_aside(mut from: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut all = Vec::new();
        // What was read until something broke is what there is.
        let _ = from.read_to_end(&mut all);
        all
    })
}

enum End {
    Itself(ExitStatus),
    TookMore(f64),
    Stopped,
}

fn wait(child: &mut Child, limit_mb: Option<f64>, stop: &StopFlag) -> io::Result<End> {
    loop {
        if let Some(status) = child.try_wait()? {
            // Ctrl-C ends both.
            return Ok(match stop.signal() {
                Some(_) => End::Stopped,
                None => End::Itself(status),
            });
        }
        let too_much = limit_mb.filter(|&limit| rss_mb(child.id()).is_some_and(|mb| mb > limit));
        let end = match (stop.signal(), too_much) {
            (Some(_), _) => End::Stopped,
            (None, Some(limit)) => End::TookMore(limit),
            (None, None) => {
                thread::sleep(PAUSE);
                continue;
            }
        };
        child.kill()?;
        child.wait()?;
        return Ok(end);
    }
}

/// What a process that failed said last, or what ended it.
fn why(status: ExitStatus, errors: &str) -> String {
    // Such as "signal: 9 (SIGKILL)", by which Linux ends processes when memory runs out.
    last_words(errors).unwrap_or_else(|| format!("its process ended with {status}"))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn a_failure_says_why() {
        let failed = ExitStatus::from_raw(1 << 8);
        let killed = ExitStatus::from_raw(9);
        for (status, errors, expected) in [
            (failed, "warning: a\nerror: no GPU\n", "no GPU"),
            (
                failed,
                "\nthread 'main' (7) panicked at src/a.rs:1:2:\nout of memory\nnote: run with\n",
                "out of memory",
            ),
            (
                killed,
                "memory allocation of 99 bytes failed\nstack backtrace\n",
                "memory allocation of 99 bytes failed",
            ),
            (killed, "", "its process ended with signal: 9 (SIGKILL)"),
        ] {
            assert_eq!(why(status, errors), expected);
        }
    }
}
