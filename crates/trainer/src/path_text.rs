//! Paths in JSON.

use std::path::Path;

use serde::Serializer;

/// A path as text, for `serialize_with`: what is no Unicode in it is written as U+FFFD, as
/// [`Path::display`] does it. By itself serde takes no such path, and a whole object would
/// fail for the name of a folder.
pub(crate) fn lossy<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}
