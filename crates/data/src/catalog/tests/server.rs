//! An HTTP server whose answers a test decides.

use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// A request for a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub path: String,
    /// The first byte that is asked for, if not all are.
    pub range: Option<usize>,
    /// How many requests for the path came before.
    pub nth: usize,
}

pub enum Reply {
    /// The file, or what was asked for of it.
    File(Vec<u8>),
    /// The same, but the connection is closed after so many bytes.
    Cut(Vec<u8>, usize),
    /// The same, but nothing comes any more after so many bytes.
    Stall(Vec<u8>, usize),
    /// The same, but a byte every few milliseconds.
    Trickle(Vec<u8>),
    /// Whatever was asked for, all of it, with status 200.
    Whole(Vec<u8>),
    /// A length is not announced; the end is the end of the connection.
    Unannounced(Vec<u8>),
    Status(u16),
    Redirect(String),
    /// Status 206 and this `Content-Range`.
    Range(String, Vec<u8>),
    /// No answer.
    Close,
}

type Handler = dyn Fn(&Request) -> Reply + Send + Sync;

pub struct Server {
    address: SocketAddr,
    log: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
}

impl Server {
    pub fn new(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            log: Arc::default(),
            stop: Arc::default(),
        };
        let (log, stop) = (Arc::clone(&server.log), Arc::clone(&server.stop));
        let handler: Arc<Handler> = Arc::new(handler);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let (log, stop) = (Arc::clone(&log), Arc::clone(&stop));
                let handler = Arc::clone(&handler);
                // A client that hangs up is part of the tests.
                thread::spawn(move || serve(stream, &*handler, &log, &stop));
            }
        });
        server
    }

    /// A server of these files, and of nothing else.
    pub fn of(files: &[(&str, &[u8])]) -> Self {
        let files: HashMap<String, Vec<u8>> = files
            .iter()
            .map(|(path, bytes)| (format!("/{path}"), bytes.to_vec()))
            .collect();
        Self::new(move |request| match files.get(&request.path) {
            Some(bytes) => Reply::File(bytes.clone()),
            None => Reply::Status(404),
        })
    }

    /// Its address, with `/` at the end.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// What was asked for, in order: paths and first bytes.
    pub fn asked(&self) -> Vec<(String, Option<usize>)> {
        let log = self.log.lock().unwrap();
        log.iter().map(|r| (r.path.clone(), r.range)).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(
    stream: TcpStream,
    handler: &Handler,
    log: &Mutex<Vec<Request>>,
    stop: &AtomicBool,
) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().unwrap_or(Ok(String::new()))?;
    let Some(path) = first.split(' ').nth(1) else {
        return Ok(());
    };
    let mut range = None;
    for line in lines {
        let line = line?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("range: bytes=") {
            range = value.trim_end_matches('-').parse().ok();
        }
    }
    let request = {
        let mut log = log.lock().unwrap();
        let nth = log.iter().filter(|r| r.path == path).count();
        let path = path.to_owned();
        log.push(Request { path, range, nth });
        log[log.len() - 1].clone()
    };
    answer(stream, handler(&request), range, stop)
}

fn answer(
    mut stream: TcpStream,
    reply: Reply,
    range: Option<usize>,
    stop: &AtomicBool,
) -> io::Result<()> {
    let mut head = |status: &str, fields: &str| {
        write!(
            stream,
            "HTTP/1.1 {status}\r\nConnection: close\r\n{fields}\r\n"
        )
    };
    // What is sent of a file, after a head that says so.
    let mut part = |bytes: Vec<u8>| -> io::Result<Vec<u8>> {
        let (size, start) = (bytes.len(), range.unwrap_or(0));
        if start >= size && range.is_some() {
            head(
                "416 No",
                &format!("Content-Range: bytes */{size}\r\nContent-Length: 0\r\n"),
            )?;
            return Ok(Vec::new());
        }
        let length = format!("Content-Length: {}\r\n", size - start);
        match range {
            None => head("200 OK", &length)?,
            Some(_) => {
                let range = format!("Content-Range: bytes {start}-{}/{size}\r\n", size - 1);
                head("206 Partial Content", &(range + &length))?;
            }
        }
        Ok(bytes[start..].to_vec())
    };
    match reply {
        Reply::File(bytes) => {
            let bytes = part(bytes)?;
            stream.write_all(&bytes)
        }
        Reply::Cut(bytes, after) => {
            let bytes = part(bytes)?;
            stream.write_all(&bytes[..after.min(bytes.len())])
        }
        Reply::Stall(bytes, after) => {
            let bytes = part(bytes)?;
            stream.write_all(&bytes[..after])?;
            while !stop.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(10));
            }
            Ok(())
        }
        Reply::Trickle(bytes) => {
            for byte in part(bytes)? {
                stream.write_all(&[byte])?;
                thread::sleep(Duration::from_millis(5));
            }
            Ok(())
        }
        Reply::Whole(bytes) => {
            head("200 OK", &format!("Content-Length: {}\r\n", bytes.len()))?;
            stream.write_all(&bytes)
        }
        Reply::Unannounced(bytes) => {
            head("200 OK", "")?;
            stream.write_all(&bytes)
        }
        Reply::Status(status) => head(&format!("{status} Said"), "Content-Length: 0\r\n"),
        Reply::Redirect(to) => head(
            "302 Found",
            &format!("Location: {to}\r\nContent-Length: 0\r\n"),
        ),
        Reply::Range(range, bytes) => {
            let fields = format!(
                "Content-Range: {range}\r\nContent-Length: {}\r\n",
                bytes.len()
            );
            head("206 Partial Content", &fields)?;
            stream.write_all(&bytes)
        }
        Reply::Close => Ok(()),
    }
}
