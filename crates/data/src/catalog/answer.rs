//! What a server's answer means to a download.

use ureq::{
    Body,
    http::{Response, StatusCode, header},
};

use crate::DataError;

/// Why an attempt did not deliver.
pub(crate) enum Fault {
    /// The same server may do better.
    Passing(String),
    /// This server will not.
    Lasting(String),
    /// This server has no such file.
    Absent(String),
    /// No server can help: the disk.
    Here(DataError),
}

/// What an answer holds.
pub(crate) enum Answer {
    /// Bytes of the file from here, to there if it says so.
    From(u64, Option<u64>),
    /// Nothing, for all is there.
    Complete,
    /// Nothing that goes with what is there, which must be deleted.
    Restart(String),
    Refused(Fault),
}

/// Reads status and length of an answer to a request for what follows `there`
/// (RFC 9110: 14.4, `Content-Range`; 15.3.7, 206; 15.5.17, 416).
pub(crate) fn extent(response: &Response<Body>, there: u64) -> Answer {
    let field = |name| {
        let value = response.headers().get(name)?;
        value.to_str().ok()
    };
    let range = field(header::CONTENT_RANGE).and_then(|range| range.strip_prefix("bytes "));
    let status = response.status();
    match status {
        StatusCode::OK => {
            let length = field(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
            Answer::From(0, length)
        }
        StatusCode::PARTIAL_CONTENT if there > 0 => match range.and_then(parse_range) {
            Some((start, end)) if start == there => Answer::From(start, Some(end)),
            _ => Answer::Restart(format!(
                "asked for what follows byte {there}, got the range {}",
                range.unwrap_or("(none)")
            )),
        },
        StatusCode::RANGE_NOT_SATISFIABLE if there > 0 => {
            let size = range.and_then(|range| range.strip_prefix("*/")?.parse().ok());
            if size == Some(there) {
                Answer::Complete
            } else {
                Answer::Restart(format!("the file there has no more than {there} bytes"))
            }
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            Answer::Refused(Fault::Passing(status.to_string()))
        }
        status if status.is_server_error() => Answer::Refused(Fault::Passing(status.to_string())),
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            Answer::Refused(Fault::Absent(status.to_string()))
        }
        status => Answer::Refused(Fault::Lasting(status.to_string())),
    }
}

/// The first byte of a `Content-Range`, and the size of the whole file, or the
/// end of the range if that is not told.
fn parse_range(range: &str) -> Option<(u64, u64)> {
    let (range, size) = range.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last) = (first.parse().ok()?, last.parse::<u64>().ok()?);
    let end = match size {
        "*" => last.checked_add(1)?,
        size => size.parse().ok()?,
    };
    Some((first, end))
}

/// What a request that got no answer means.
pub(crate) fn connection_fault(error: ureq::Error) -> Fault {
    use ureq::Error::{ConnectionFailed, Io, Protocol, Timeout};
    let problem = error.to_string();
    match error {
        Io(_) | Timeout(_) | ConnectionFailed | Protocol(_) => Fault::Passing(problem),
        // No such host, no TLS, no such address: again would be the same.
        _ => Fault::Lasting(problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_content_ranges() {
        assert_eq!(parse_range("5-9/10"), Some((5, 10)));
        assert_eq!(parse_range("5-9/*"), Some((5, 10)));
        let wrong = [
            "",
            "5-9",
            "*/10",
            "a-9/10",
            "5-9/b",
            "5/10",
            "0-18446744073709551615/*",
        ];
        for range in wrong {
            assert_eq!(parse_range(range), None, "{range}");
        }
    }
}
