//! A reader of event files for the tests, as strict as TensorBoard's or stricter, and
//! of its own: it shares no code with what writes them but the checksum.
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

use std::{collections::BTreeMap, fs, path::Path};

use serde::Deserialize;

use super::file::masked_crc;

/// What `read` of tests/golden/event_file.py gives: of each tag everything, with steps.
#[derive(Debug, Default, PartialEq, Deserialize)]
pub struct Read {
    pub scalars: BTreeMap<String, Vec<(u64, f64)>>,
    /// Height, width, and the bytes of the file in hexadecimal digits.
    pub images: BTreeMap<String, Vec<(u64, u64, u64, String)>>,
    pub histograms: BTreeMap<String, Vec<Bars>>,
    pub texts: BTreeMap<String, Vec<(u64, String)>>,
}

/// A step; minimum, maximum, count, sum and sum of squares; limits; counts.
pub type Bars = (u64, Doubles, Doubles, Doubles);

/// Numbers that come from JSON with all their bits, as hexadecimal digits.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(from = "String")]
pub struct Doubles(pub Vec<f64>);

impl From<String> for Doubles {
    fn from(hex: String) -> Self {
        doubles(&from_hex(&hex))
    }
}

/// The bytes that hexadecimal digits say.
pub fn from_hex(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len()).step_by(2).map(|at| &hex[at..at + 2]);
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect()
}

/// The event files of a folder, one after the other, without what is dropped on resume.
pub fn read(folder: &Path) -> Read {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let mut read = Read::default();
    for path in paths {
        let bytes = fs::read(path).unwrap();
        let records = records(&bytes);
        let version = fields(records[0]).remove(&3).unwrap().remove(0);
        assert_eq!(version.bytes(), b"brain.Event:2");
        for record in &records {
            read.event(record);
        }
    }
    read
}

/// The messages of a TFRecord file; each checksum is right.
pub fn records(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_at(8);
        let (crc, rest) = rest.split_at(4);
        assert_eq!(crc, masked_crc(length).to_le_bytes());
        let length = u64::from_le_bytes(length.try_into().unwrap());
        let (record, rest) = rest.split_at(length as usize);
        let (crc, rest) = rest.split_at(4);
        assert_eq!(crc, masked_crc(record).to_le_bytes());
        records.push(record);
        bytes = rest;
    }
    records
}

impl Read {
    fn event(&mut self, record: &[u8]) {
        let mut event = fields(record);
        assert!(event[&1][0].double() > 0.0, "a wall time");
        let step = event.get(&2).map_or(0, |step| step[0].varint());
        for session in event.remove(&7).unwrap_or_default() {
            assert_eq!(fields(session.bytes())[&1][0].varint(), 1, "START");
            self.purge(step);
        }
        for summary in event.remove(&5).unwrap_or_default() {
            for value in fields(summary.bytes()).remove(&1).unwrap_or_default() {
                self.value(step, fields(value.bytes()));
            }
        }
    }

    fn value(&mut self, step: u64, value: Fields<'_>) {
        let tag = String::from_utf8(value[&1][0].bytes().into()).unwrap();
        if let Some(scalar) = value.get(&2) {
            let scalar = (step, f64::from(scalar[0].float()));
            self.scalars.entry(tag).or_default().push(scalar);
        } else if let Some(image) = value.get(&4) {
            let image = fields(image[0].bytes());
            let hex = image[&4][0].bytes().iter().map(|b| format!("{b:02x}"));
            let image = (
                step,
                image[&1][0].varint(),
                image[&2][0].varint(),
                hex.collect(),
            );
            self.images.entry(tag).or_default().push(image);
        } else if let Some(histogram) = value.get(&5) {
            let histogram = fields(histogram[0].bytes());
            let number = |field| histogram.get(&field).map_or(0.0, |n| n[0].double());
            let packed = |field| doubles(histogram[&field][0].bytes());
            let all = Doubles([1, 2, 3, 4, 5].map(number).into());
            let bars = (step, all, packed(6), packed(7));
            self.histograms.entry(tag).or_default().push(bars);
        } else {
            let text = fields(value[&8][0].bytes());
            let plugin = fields(fields(value[&9][0].bytes())[&1][0].bytes());
            assert_eq!(
                (text[&1][0].varint(), plugin[&1][0].bytes()),
                (7, &b"text"[..])
            );
            let text = String::from_utf8(text[&8][0].bytes().into()).unwrap();
            self.texts.entry(tag).or_default().push((step, text));
        }
    }

    /// As TensorBoard does at the start of a session: nothing of `step` or later stays,
    /// and a tag stays even if nothing of it does.
    fn purge(&mut self, step: u64) {
        self.scalars
            .values_mut()
            .for_each(|all| all.retain(|one| one.0 < step));
        self.images
            .values_mut()
            .for_each(|all| all.retain(|one| one.0 < step));
        self.histograms
            .values_mut()
            .for_each(|all| all.retain(|one| one.0 < step));
        self.texts
            .values_mut()
            .for_each(|all| all.retain(|one| one.0 < step));
    }
}

/// The fields of a message by number, each as often as it comes.
type Fields<'a> = BTreeMap<u64, Vec<Field<'a>>>;

#[derive(Debug)]
enum Field<'a> {
    Varint(u64),
    Fixed(&'a [u8]),
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    fn varint(&self) -> u64 {
        match self {
            Self::Varint(number) => *number,
            other => panic!("{other:?}"),
        }
    }

    fn bytes(&self) -> &'a [u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            other => panic!("{other:?}"),
        }
    }

    fn fixed(&self) -> &'a [u8] {
        match self {
            Self::Fixed(bytes) => bytes,
            other => panic!("{other:?}"),
        }
    }

    fn double(&self) -> f64 {
        f64::from_le_bytes(self.fixed().try_into().unwrap())
    }

    fn float(&self) -> f32 {
        f32::from_le_bytes(self.fixed().try_into().unwrap())
    }
}

fn fields(mut bytes: &[u8]) -> Fields<'_> {
    let mut fields = Fields::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let mut take = |count| bytes.split_off(..count).unwrap();
        let field = match key & 7 {
            0 => Field::Varint(varint(&mut bytes)),
            1 => Field::Fixed(take(8)),
            2 => {
                let count = varint(&mut bytes) as usize;
                Field::Bytes(bytes.split_off(..count).unwrap())
            }
            5 => Field::Fixed(take(4)),
            wire => panic!("wire type {wire}"),
        };
        fields.entry(key >> 3).or_default().push(field);
    }
    fields
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..).step_by(7) {
        let byte = *bytes.split_off_first().unwrap();
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    number
}

fn doubles(bytes: &[u8]) -> Doubles {
    let (numbers, rest) = bytes.as_chunks::<8>();
    assert!(rest.is_empty());
    Doubles(numbers.iter().map(|n| f64::from_le_bytes(*n)).collect())
}
