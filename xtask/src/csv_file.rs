//! Files of measurements: a row each, as structs.

use std::{fs, path::Path};

use anyhow::Context;
use serde::{Serialize, de::DeserializeOwned};

/// The rows of a file.
///
/// # Errors
/// If it cannot be read, or a row is not one of `T`: names file and line.
pub fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<T>> {
    let reader = csv::Reader::from_path(path);
    let mut reader = reader.with_context(|| format!("cannot read {}", path.display()))?;
    let rows: Result<_, _> = reader.deserialize().collect();
    rows.with_context(|| format!("{} is no such table", path.display()))
}

/// Writes all rows, under the names of the fields. The folder is made.
///
/// # Errors
/// Of the system. A file of that name, if any, is then as it was.
pub fn write<T: Serialize>(path: &Path, rows: &[T]) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row)?;
    }
    write_whole(path, &writer.into_inner()?)
}

/// Writes a file beside its name and renames it, so that a chore that is interrupted leaves
/// the former one. The folder is made.
///
/// # Errors
/// Of the system.
pub fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    fs::write(&part, bytes)
        .and_then(|()| fs::rename(&part, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Row {
        name: String,
        ms: Option<f64>,
        #[serde(default)]
        error: String,
    }

    #[test]
    fn rows_come_back_and_a_wrong_one_is_named() {
        let folder = std::env::temp_dir().join(format!("kiln-csv-{}", std::process::id()));
        let file = folder.join("of/rows.csv");
        let rows = [("a \"b\", c", Some(1.5)), ("d", None)];
        let rows = rows.map(|(name, ms)| Row {
            name: name.into(),
            ms,
            error: String::new(),
        });
        write(&file, &rows).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text, "name,ms,error\n\"a \"\"b\"\", c\",1.5,\nd,,\n");
        assert_eq!(read::<Row>(&file).unwrap(), rows);
        // A file from before a column was added.
        fs::write(&file, "name,ms\ne,2\n").unwrap();
        assert_eq!(read::<Row>(&file).unwrap()[0].ms, Some(2.0));
        fs::write(&file, "name,ms\ne,2\nf,fast\n").unwrap();
        let error = format!("{:#}", read::<Row>(&file).unwrap_err());
        assert!(
            error.contains("rows.csv") && error.contains("line: 3"),
            "{error}"
        );
        fs::remove_dir_all(&folder).unwrap();
    }
}
