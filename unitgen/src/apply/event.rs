//! What an apply tells while it works: a line for people, or a line of JSON.

use serde::Serialize;

/// The version of the JSON lines.
const SCHEMA_VERSION: u32 = 1;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// Its kind, a stable text.
    pub event: &'static str,
    /// The unit that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The file that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The generation that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// In words.
    pub says: String,
}

impl Event {
    /// A thing to tell.
    #[must_use]
    pub fn new(event: &'static str, says: impl Into<String>) -> Self {
        Self { event, unit: None, file: None, generation: None, says: says.into() }
    }

    /// The same about a unit.
    #[must_use]
    pub fn unit(self, unit: &str) -> Self {
        Self { unit: Some(unit.to_owned()), ..self }
    }

    /// The same about a file.
    #[must_use]
    pub fn file(self, file: &str) -> Self {
        Self { file: Some(file.to_owned()), ..self }
    }

    /// The same about a generation.
    #[must_use]
    pub fn generation(self, number: u64) -> Self {
        Self { generation: Some(number), ..self }
    }

    /// The line of JSON.
    ///
    /// # Panics
    /// Never: everything in it is a text or a number.
    #[must_use]
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Line<'a> {
            schema_version: u32,
            #[serde(flatten)]
            event: &'a Event,
        }
        serde_json::to_string(&Line { schema_version: SCHEMA_VERSION, event: self })
            .expect("texts and numbers are always JSON")
    }

    /// The line for people.
    #[must_use]
    pub fn to_text(&self) -> String {
        let about = self.unit.as_deref().or(self.file.as_deref()).unwrap_or_default();
        let between = if about.is_empty() || self.says.is_empty() { "" } else { ": " };
        format!("{:<9} {about}{between}{}", self.event, self.says)
    }
}
