//! Floating-point numbers that come back from a file with the same bits.

/// `#[serde(with = "exact::option")]` for an `Option<f64>`: as text, in the fewest digits
/// that tell it from its neighbours. `serde_json` as it is compiled for Burn reads
/// numbers to within one unit in the last place only, and JSON has no infinity.
pub(crate) mod option {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(value: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => to.serialize_str(&value.to_string()),
            None => to.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        let number = |text: String| {
            text.parse()
                .map_err(|_| D::Error::custom(format!("`{text}` is no number")))
        };
        text.map(number).transpose()
    }
}
