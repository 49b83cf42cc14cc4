//! One file from the first of several addresses that delivers it.

use std::{
    fs::{self, File},
    io::{Read, Write},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use ureq::{Agent, http::header};

use super::{
    answer::{Answer, Fault, connection_fault, extent},
    extract::{part_of, sync_folder},
    fetch::{Failure, Wanted},
    progress::Progress,
};
use crate::DataError;

/// How long to wait, and for what.
#[derive(Debug, Clone)]
pub(crate) struct Patience {
    /// To find a server and connect to it.
    pub connect: Duration,
    /// For its answer to begin, and between two pieces of it.
    pub stall: Duration,
    /// The time in which at least [`slowest`](Self::slowest) bytes should come.
    pub window: Duration,
    /// Servers that send a byte now and then do not stall, but never end either.
    pub slowest: u64,
    /// How often a server is asked again after a fault that may pass.
    pub retries: u32,
    /// The pause before it is asked again; doubles each time.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(20),
            stall: Duration::from_secs(30),
            window: Duration::from_secs(60),
            // The authors' server of CIFAR is known to be at 50 kB/s for days.
            slowest: 60 << 10,
            retries: 3,
            pause: Duration::from_secs(1),
        }
    }
}

/// Downloads from the first of `urls` that delivers, the best of which stands
/// first, into a temporary file, goes on where an earlier attempt stopped,
/// also one of another process, checks the digest and gives the file its name.
///
/// Bytes that are not right are deleted; those that are only not all stay, under
/// the temporary name, for the next time.
pub(crate) fn download(
    wanted: &Wanted<'_>,
    urls: &[String],
    patience: &Patience,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(), Failure> {
    let agent = agent(patience);
    let part = part_of(wanted.target);
    let mut attempts = Vec::new();
    let mut absent = true;
    for url in urls {
        // The most that has been there: a server whose bytes must be thrown away
        // and come again does not get on.
        let mut reached = length(&part);
        // Bytes of another server, or of another day, need not go with these.
        let mut mixed = reached > 0;
        let mut faults = 0;
        loop {
            let fault = match transfer(&agent, url, &part, wanted, patience, progress) {
                Ok(end) => {
                    progress(Progress::Verifying { file: wanted.file });
                    match (wanted.check)(&part) {
                        Ok(()) => return Ok(finish(&part, wanted.target)?),
                        Err(DataError::Digest {
                            expected, found, ..
                        }) => {
                            remove(&part)?;
                            let problem = format!("expected {expected}, found {found}");
                            if std::mem::take(&mut mixed) {
                                report(wanted, url, problem, None, &mut attempts, progress);
                                continue;
                            }
                            match end {
                                End::Told => Fault::Lasting(problem),
                                // Perhaps it was only not all.
                                End::Untold => Fault::Passing(problem),
                            }
                        }
                        Err(other) => return Err(other.into()),
                    }
                }
                Err(fault) => fault,
            };
            absent &= matches!(fault, Fault::Absent(_));
            match fault {
                Fault::Here(error) => return Err(error.into()),
                Fault::Lasting(problem) | Fault::Absent(problem) => {
                    report(wanted, url, problem, None, &mut attempts, progress);
                    break;
                }
                Fault::Passing(problem) => {
                    // A server that breaks off but gets on is worth another try.
                    let now = length(&part);
                    if now > reached + (64 << 10) {
                        (reached, faults) = (now, 0);
                    }
                    if faults == patience.retries {
                        report(wanted, url, problem, None, &mut attempts, progress);
                        break;
                    }
                    let pause = patience.pause * 2u32.saturating_pow(faults);
                    faults += 1;
                    report(wanted, url, problem, Some(pause), &mut attempts, progress);
                    thread::sleep(pause);
                }
            }
        }
    }
    let error = DataError::Fetch {
        file: wanted.file.into(),
        attempts,
    };
    Err(Failure { error, absent })
}

/// Whether it was known how many bytes would come.
enum End {
    Told,
    Untold,
}

fn report(
    wanted: &Wanted<'_>,
    url: &str,
    problem: String,
    pause: Option<Duration>,
    attempts: &mut Vec<String>,
    progress: &mut dyn FnMut(Progress<'_>),
) {
    let problem = format!("{url}: {problem}");
    progress(Progress::Failed {
        file: wanted.file,
        problem: &problem,
        pause,
    });
    attempts.push(problem);
}

fn agent(patience: &Patience) -> Agent {
    Agent::config_builder()
        // Which status means what depends on what was asked for.
        .http_status_as_error(false)
        .max_redirects(8)
        .user_agent(concat!("kiln-data/", env!("CARGO_PKG_VERSION")))
        // Lengths and ranges are to be those of the file.
        .accept_encoding("identity")
        .timeout_resolve(Some(patience.connect))
        .timeout_connect(Some(patience.connect))
        .timeout_recv_response(Some(patience.stall))
        .timeout_per_read(Some(patience.stall))
        .build()
        .into()
}

/// One request: what is missing of `part` is appended to it.
fn transfer(
    agent: &Agent,
    url: &str,
    part: &Path,
    wanted: &Wanted<'_>,
    patience: &Patience,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<End, Fault> {
    let here = |error| Fault::Here(error);
    let there = length(part);
    let mut request = agent.get(url);
    if there > 0 {
        request = request.header(header::RANGE, format!("bytes={there}-"));
    }
    let mut response = request.call().map_err(connection_fault)?;
    let (start, end) = match extent(&response, there) {
        Answer::From(start, end) => (start, end),
        Answer::Complete => return Ok(End::Told),
        Answer::Restart(problem) => {
            remove(part).map_err(here)?;
            return Err(Fault::Passing(problem));
        }
        Answer::Refused(fault) => return Err(fault),
    };
    let too_large = |bytes: u64| {
        format!(
            "{bytes} bytes, but {} has at most {}",
            wanted.file, wanted.most
        )
    };
    if let Some(end) = end.filter(|&end| end > wanted.most) {
        remove(part).map_err(here)?;
        return Err(Fault::Lasting(too_large(end)));
    }
    let end = end.or(wanted.exact);
    let mut file = File::options()
        .create(true)
        .append(start > 0)
        .truncate(start == 0)
        .write(true)
        .open(part)
        .map_err(DataError::io("create", part))
        .map_err(here)?;
    let mut body = response.body_mut().as_reader();
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = start;
    let mut window = (Instant::now(), bytes);
    loop {
        progress(Progress::Downloading {
            file: wanted.file,
            bytes,
            total: end,
        });
        let read = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(problem) => {
                sync(&file, part).map_err(here)?;
                return Err(Fault::Passing(format!("after {bytes} bytes: {problem}")));
            }
        };
        bytes += read as u64;
        if bytes > wanted.most {
            drop(file);
            remove(part).map_err(here)?;
            return Err(Fault::Lasting(format!(
                "more than {}",
                too_large(bytes - 1)
            )));
        }
        file.write_all(&buffer[..read])
            .map_err(DataError::io("write", part))
            .map_err(here)?;
        if window.0.elapsed() >= patience.window {
            let came = bytes - window.1;
            if came < patience.slowest {
                let seconds = patience.window.as_secs_f64();
                return Err(Fault::Passing(format!("only {came} bytes in {seconds} s")));
            }
            window = (Instant::now(), bytes);
        }
    }
    sync(&file, part).map_err(here)?;
    match end {
        Some(end) if bytes < end => Err(Fault::Passing(format!(
            "the connection ended after {bytes} of {end} bytes"
        ))),
        Some(_) => Ok(End::Told),
        None => Ok(End::Untold),
    }
}

fn finish(part: &Path, target: &Path) -> Result<(), DataError> {
    fs::rename(part, target).map_err(DataError::io("rename", part))?;
    if let Some(folder) = target.parent() {
        sync_folder(folder);
    }
    Ok(())
}

/// Bytes of a file; 0 if it is not there.
fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

fn remove(path: &Path) -> Result<(), DataError> {
    match fs::remove_file(path) {
        Err(problem) if problem.kind() != std::io::ErrorKind::NotFound => {
            Err(DataError::io("delete", path)(problem))
        }
        _ => Ok(()),
    }
}

fn sync(file: &File, path: &Path) -> Result<(), DataError> {
    file.sync_all().map_err(DataError::io("write", path))
}
