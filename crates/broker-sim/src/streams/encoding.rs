//! JSON and MessagePack, the two forms of the data stream.
//!
//! In MessagePack the instants (members `t`) are the format's own timestamps, extension type -1, which Alpaca's Python
//! client relies on.

use axum::extract::ws::Message;
use market::Timestamp;
use rmp_serde::MSGPACK_EXT_STRUCT_NAME;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

/// Extension type of MessagePack's timestamps.
const TIMESTAMP: i8 = -1;

/// How a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Msgpack,
}

impl Form {
    /// The bytes of one value.
    pub(super) fn bytes(self, value: &Value) -> Vec<u8> {
        match self {
            Self::Json => value.to_string().into_bytes(),
            Self::Msgpack => rmp_serde::to_vec(&Packed { value, is_time: false }).expect("plain values can be written"),
        }
    }

    /// One frame of several values whose bytes are given.
    pub(super) fn frame(self, values: &[&[u8]]) -> Message {
        match self {
            Self::Json => {
                let joined = values.join(&b","[..]);
                let text = String::from_utf8([&b"["[..], &joined, b"]"].concat());
                Message::Text(text.expect("JSON is UTF-8").into())
            }
            Self::Msgpack => {
                let mut bytes = array_of(values.len());
                bytes.extend(values.concat());
                Message::Binary(bytes.into())
            }
        }
    }

    /// What a client said, and the form it said it in.
    pub(super) fn read(said: &[u8]) -> Option<(Self, Value)> {
        match serde_json::from_slice(said) {
            Ok(value) => Some((Self::Json, value)),
            Err(_) => rmp_serde::from_slice(said).ok().map(|value| (Self::Msgpack, value)),
        }
    }
}

/// The head of an array in MessagePack: array 32, whatever the length.
fn array_of(length: usize) -> Vec<u8> {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    [&[0xdd][..], &length.to_be_bytes()].concat()
}

struct Packed<'a> {
    value: &'a Value,
    is_time: bool,
}

struct Bytes([u8; 8]);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl Serialize for Packed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::String(text) if self.is_time => match text.parse::<Timestamp>() {
                Ok(at) => serializer.serialize_newtype_struct(MSGPACK_EXT_STRUCT_NAME, &(TIMESTAMP, stamp(at))),
                Err(_) => serializer.serialize_str(text),
            },
            Value::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, &Packed { value, is_time: name == "t" })?;
                }
                map.end()
            }
            Value::Array(values) => serializer.collect_seq(values.iter().map(|value| Packed { value, is_time: false })),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => self.value.serialize(serializer),
        }
    }
}

/// Timestamp 64: 30 bits of nanoseconds, 34 of seconds since 1970.
fn stamp(at: Timestamp) -> Bytes {
    let nanos = at.unix_nanos().rem_euclid(1_000_000_000).unsigned_abs();
    let seconds = at.unix_seconds().max(0).unsigned_abs();
    Bytes((nanos << 34 | seconds & ((1 << 34) - 1)).to_be_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_frames_are_arrays_of_their_values() {
        let (one, two) = (Form::Json.bytes(&json!({"T": "t"})), Form::Json.bytes(&json!({"T": "q"})));
        let Message::Text(text) = Form::Json.frame(&[&one, &two]) else { panic!("text") };
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json!([{"T": "t"}, {"T": "q"}]));
    }

    #[test]
    fn packed_values_read_back_but_for_instants_which_are_timestamps() {
        let value = json!({"T": "t", "p": 10.25, "s": 100, "c": ["@"], "n": null, "neg": -5});
        let packed = Form::Msgpack.bytes(&value);
        assert_eq!(Form::read(&packed), Some((Form::Msgpack, value)));

        // 2026-10-15T13:30:00.5Z, by the format's description: fixext 8, type -1, nanoseconds and seconds.
        let packed = Form::Msgpack.bytes(&json!({"t": "2026-10-15T13:30:00.500Z"}));
        let seconds = "2026-10-15T13:30:00Z".parse::<Timestamp>().unwrap().unix_seconds().unsigned_abs();
        let expect = [&[0x81, 0xa1, b't', 0xd7, 0xff][..], &(500_000_000_u64 << 34 | seconds).to_be_bytes()].concat();
        assert_eq!(packed, expect);
    }

    #[test]
    fn a_packed_frame_is_an_array() {
        let one = Form::Msgpack.bytes(&json!({"T": "t"}));
        let Message::Binary(bytes) = Form::Msgpack.frame(&[&one, &one]) else { panic!("binary") };
        assert_eq!(Form::read(&bytes).unwrap().1, json!([{"T": "t"}, {"T": "t"}]));
    }
}
