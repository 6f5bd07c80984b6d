//! Frames: JSON or msgpack, in text or binary frames, in; JSON or msgpack out.
//!
//! The codec is read off the first byte, not off the kind of frame: the paper venue sends JSON in binary frames. Msgpack
//! timestamps (extension -1) become RFC 3339 text, so that what follows knows one form. Source: the msgpack specification.

use std::fmt;

use market::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

/// The longest message taken; a snapshot of every symbol of a plan is far below.
pub(super) const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Deeper nesting than any message has.
const DEPTH_MAX: usize = 32;
const TIMESTAMP: i8 = -1;

/// How a data stream is spoken; `trade_updates` is always JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Codec {
    /// Text.
    #[default]
    Json,
    /// Binary; about half as long.
    Msgpack,
}

/// What is sent. `Debug` shows its length only: the first one holds the keys.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Frame {
    Text(String),
    Binary(Vec<u8>),
}

impl Frame {
    pub(super) fn of(codec: Codec, message: &Value) -> Self {
        match codec {
            Codec::Json => Self::Text(message.to_string()),
            Codec::Msgpack => Self::Binary(rmp_serde::to_vec(message).expect("JSON has a form in msgpack")),
        }
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Binary(bytes) => write!(f, "Binary({} bytes)", bytes.len()),
        }
    }
}

/// The messages of a frame: the elements of a list, or the one object.
///
/// # Errors
/// A text that says why the frame is neither; it never repeats the frame.
pub(super) fn messages(bytes: &[u8]) -> Result<Vec<Value>, String> {
    match decode(bytes)? {
        Value::Array(messages) => Ok(messages),
        message @ Value::Object(_) => Ok(vec![message]),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            Err("a frame holds neither a message nor a list of them".to_owned())
        }
    }
}

fn decode(bytes: &[u8]) -> Result<Value, String> {
    let Some(first) = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) else {
        return Err("an empty frame".to_owned());
    };
    // In msgpack these bytes are numbers, which no message begins with.
    if matches!(first, b'{' | b'[') {
        return serde_json::from_slice(bytes).map_err(|error| format!("no JSON at column {}", error.column()));
    }
    let mut decoder = rmp_serde::Deserializer::from_read_ref(bytes);
    decoder.set_max_depth(DEPTH_MAX);
    let Any(value) = Any::deserialize(&mut decoder).map_err(|_| "neither JSON nor msgpack".to_owned())?;
    Ok(value)
}

/// Any msgpack value as JSON.
struct Any(Value);

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyVisitor).map(Self)
    }
}

struct AnyVisitor;

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a msgpack value with a form in JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f32<E: de::Error>(self, value: f32) -> Result<Value, E> {
        // By its own shortest text: 126.55 and not the 126.55000305175781 that it widens to.
        let text = value.to_string();
        text.parse().map_err(E::custom).and_then(|value| self.visit_f64(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number that is none"))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Value, E> {
        std::str::from_utf8(bytes).map(|text| Value::String(text.to_owned())).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Any(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Any(value))) = members.next_entry::<String, Any>()? {
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, extension: D) -> Result<Value, D::Error> {
        let (kind, Bytes(bytes)) = <(i8, Bytes)>::deserialize(extension)?;
        if kind != TIMESTAMP {
            return Err(de::Error::custom("an extension that is no timestamp"));
        }
        let at = timestamp(&bytes).ok_or_else(|| de::Error::custom("a timestamp out of range"))?;
        Ok(Value::String(at.to_string()))
    }
}

struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BytesVisitor;
        impl Visitor<'_> for BytesVisitor {
            type Value = Bytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(BytesVisitor)
    }
}

/// The three forms of the specification: seconds; nanoseconds and seconds in one word; nanoseconds, then signed seconds.
fn timestamp(bytes: &[u8]) -> Option<Timestamp> {
    let (seconds, nanos) = match bytes.len() {
        4 => (i64::from(u32::from_be_bytes(bytes.try_into().ok()?)), 0),
        8 => {
            let word = u64::from_be_bytes(bytes.try_into().ok()?);
            (i64::try_from(word & 0x3_ffff_ffff).ok()?, i64::try_from(word >> 34).ok()?)
        }
        12 => {
            let (nanos, seconds) = bytes.split_at(4);
            let nanos = u32::from_be_bytes(nanos.try_into().ok()?);
            (i64::from_be_bytes(seconds.try_into().ok()?), i64::from(nanos))
        }
        _ => return None,
    };
    let total = seconds.checked_mul(1_000_000_000)?.checked_add(nanos)?;
    (nanos < 1_000_000_000).then(|| Timestamp::from_unix_nanos(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn msgpack(message: &Value) -> Vec<u8> {
        rmp_serde::to_vec(message).unwrap()
    }

    #[test]
    fn json_and_msgpack_say_the_same() {
        let message = serde_json::json!([{"T": "q", "S": "AAPL", "bp": 126.55, "bs": 3, "c": ["R"], "none": null}]);
        let expect = message.as_array().unwrap().clone();
        assert_eq!(messages(message.to_string().as_bytes()).unwrap(), expect);
        assert_eq!(messages(&msgpack(&message)).unwrap(), expect);
        let object = serde_json::json!({"stream": "listening"});
        assert_eq!(messages(&msgpack(&object)).unwrap(), messages(b" {\"stream\":\"listening\"}").unwrap());
    }

    #[test]
    fn timestamps_of_the_three_forms_are_text() {
        let at = "2021-02-22T15:51:44.208Z";
        let seconds = 1_614_009_104_u64;
        let word = (208_000_000_u64 << 34) | seconds;
        let mut long = 208_000_000_u32.to_be_bytes().to_vec();
        long.extend((seconds as i64).to_be_bytes());
        let cases: [(&[u8], Vec<u8>, &str); 3] = [
            (&[0xd6, 0xff], u32::try_from(seconds).unwrap().to_be_bytes().to_vec(), "2021-02-22T15:51:44Z"),
            (&[0xd7, 0xff], word.to_be_bytes().to_vec(), at),
            (&[0xc7, 12, 0xff], long, at),
        ];
        for (head, body, expect) in cases {
            // One map of one member "t".
            let frame = [&[0x81, 0xa1, b't'], head, &body].concat();
            assert_eq!(messages(&frame).unwrap()[0]["t"], expect, "{head:?}");
        }
    }

    #[test]
    fn a_short_float_keeps_its_own_digits() {
        let frame = [&[0x81, 0xa2, b'b', b'p', 0xca][..], &126.55_f32.to_be_bytes()].concat();
        assert_eq!(messages(&frame).unwrap()[0]["bp"], 126.55);
    }

    #[test]
    fn nonsense_is_refused_and_never_repeated() {
        let nested = [vec![b'['; 4_000], vec![b']'; 4_000]].concat();
        let deep = [vec![0x91; 4_000], vec![0xc0]].concat();
        let claims_much = [0xdd, 0xff, 0xff, 0xff, 0xff];
        let foreign = [0x91, 0xd4, 0x05, 0x00];
        for frame in
            [&b""[..], b"  ", b"{\"secret\":", b"42", b"<html>", b"\xff\xfe", &nested, &deep, &claims_much, &foreign]
        {
            let why = messages(frame).unwrap_err();
            assert!(!why.contains("secret"), "{why}");
        }
    }

    #[test]
    fn what_is_sent_is_not_shown() {
        let frame = Frame::of(Codec::Json, &serde_json::json!({"secret": "hunter2"}));
        assert_eq!(format!("{frame:?}"), "Text(20 bytes)");
    }
}
