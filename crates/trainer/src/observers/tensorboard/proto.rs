//! The messages of TensorBoard's event files, in protobuf's wire format: what of
//! `event.proto`, `summary.proto`, `histogram.proto` and `tensor.proto` is needed.
//! Numbers of fields stand beside their names; as in proto3, a field that is zero or
//! empty is left out unless it is one of a `oneof`.

use super::histogram::Histogram;

/// `Event`.
pub(super) struct Event {
    /// Seconds since 1970.
    pub wall_time: f64,
    /// The step in the run.
    pub step: usize,
    pub what: What,
}

/// The `oneof what` of an `Event`.
pub(super) enum What {
    /// The first event of each file.
    FileVersion,
    /// `SessionLog` with the status `START`: a reader drops what it has read of this
    /// step and later ones.
    SessionStart,
    Summary(Vec<(String, Value)>),
}

/// The `oneof value` of a `Summary.Value`.
pub(super) enum Value {
    Scalar(f32),
    Image {
        height: u32,
        width: u32,
        png: Vec<u8>,
    },
    Histogram(Histogram),
    /// Markdown: a tensor of one string, with the metadata of the plugin `text`.
    Text(String),
}

/// `DataType.DT_STRING`.
const STRING: u64 = 7;
/// `SessionLog.SessionStatus.START`.
const START: u64 = 1;
/// Colour space of an image: RGB.
const RGB: u64 = 3;

impl Event {
    pub fn encode(&self) -> Vec<u8> {
        let mut event = Message::default();
        event.double(1, self.wall_time);
        event.varint(2, self.step as u64);
        match &self.what {
            What::FileVersion => event.bytes(3, b"brain.Event:2"),
            What::Summary(values) => {
                let mut summary = Message::default();
                for (tag, value) in values {
                    summary.message(1, &value.encode(tag));
                }
                event.message(5, &summary);
            }
            What::SessionStart => {
                let mut log = Message::default();
                log.varint(1, START);
                event.message(7, &log);
            }
        }
        event.0
    }
}

impl Value {
    /// `Summary.Value`.
    fn encode(&self, tag: &str) -> Message {
        let mut value = Message::default();
        value.bytes(1, tag.as_bytes());
        match self {
            Self::Scalar(number) => value.float(2, *number),
            Self::Image { height, width, png } => {
                let mut image = Message::default();
                image.varint(1, u64::from(*height));
                image.varint(2, u64::from(*width));
                image.varint(3, RGB);
                image.bytes(4, png);
                value.message(4, &image);
            }
            Self::Histogram(histogram) => value.message(5, &histogram.encode()),
            Self::Text(text) => {
                let (mut dimension, mut shape) = (Message::default(), Message::default());
                dimension.varint(1, 1); // size
                shape.message(2, &dimension);
                let mut tensor = Message::default();
                tensor.varint(1, STRING); // dtype
                tensor.message(2, &shape);
                tensor.bytes(8, text.as_bytes()); // string_val
                value.message(8, &tensor);
                let (mut plugin, mut metadata) = (Message::default(), Message::default());
                plugin.bytes(1, b"text"); // plugin_name
                metadata.message(1, &plugin);
                value.message(9, &metadata);
            }
        }
        value
    }
}

impl Histogram {
    /// `HistogramProto`.
    fn encode(&self) -> Message {
        let mut message = Message::default();
        message.double(1, self.min);
        message.double(2, self.max);
        message.double(3, self.count);
        message.double(4, self.sum);
        message.double(5, self.sum_of_squares);
        message.doubles(6, &self.limits);
        message.doubles(7, &self.counts);
        message
    }
}

/// A message as it grows, field by field in ascending order.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    const VARINT: u64 = 0;
    const FIXED_64: u64 = 1;
    const BYTES: u64 = 2;
    const FIXED_32: u64 = 5;

    fn key(&mut self, field: u64, wire: u64) {
        self.push(field << 3 | wire);
    }

    /// Seven bits a byte, the lowest first; the top bit says that more follow.
    fn push(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn varint(&mut self, field: u64, number: u64) {
        if number != 0 {
            self.key(field, Self::VARINT);
            self.push(number);
        }
    }

    fn double(&mut self, field: u64, number: f64) {
        if number != 0.0 {
            self.key(field, Self::FIXED_64);
            self.0.extend(number.to_le_bytes());
        }
    }

    /// Also if it is zero: for fields of a `oneof`.
    fn float(&mut self, field: u64, number: f32) {
        self.key(field, Self::FIXED_32);
        self.0.extend(number.to_le_bytes());
    }

    /// Also if there are none: for fields that are repeated, or of a `oneof`.
    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.key(field, Self::BYTES);
        self.push(bytes.len() as u64);
        self.0.extend(bytes);
    }

    fn message(&mut self, field: u64, message: &Self) {
        self.bytes(field, &message.0);
    }

    /// Packed.
    fn doubles(&mut self, field: u64, numbers: &[f64]) {
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        self.bytes(field, &bytes);
    }
}
