//! Which programs may come back with a generation: databases go forward only, and an older program refuses a ledger of a newer
//! schema. Nobody would manage what is held then. Pure; apply's way back, its recovery and a rollback all ask here.

use std::collections::BTreeMap;

use crate::generations::Record;

/// What comes back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Returning {
    /// The programs that are put back, by path: their digests.
    pub programs: BTreeMap<String, String>,
    /// Why others are not, and stay as they are.
    pub stay: Option<String>,
}

/// Decides, for programs as they lie there and ledgers as they are at this moment. All of them come back or none: programs of
/// two releases are no release.
#[must_use]
pub fn returning(
    then: &Record,
    now: &BTreeMap<String, String>,
    ledgers: &BTreeMap<String, u32>,
    is_kept: impl Fn(&str) -> bool,
) -> Returning {
    let differs = |(path, mark): &(&String, &String)| now.get(*path) != Some(*mark);
    let programs: BTreeMap<String, String> =
        then.programs.iter().filter(differs).map(|(path, mark)| (path.clone(), mark.clone())).collect();
    if programs.is_empty() {
        return Returning::default();
    }
    let stay = |why: String| Returning { programs: BTreeMap::new(), stay: Some(why) };
    if let Some((path, schema)) = newer(&then.ledgers, ledgers) {
        let was = then.ledgers.get(path).map_or("not known".to_owned(), |schema| format!("at {schema}"));
        return stay(format!(
            "{path} is at schema {schema} and was {was} then: databases never go back, and programs of then might refuse it, so the \
             programs stay"
        ));
    }
    if let Some((path, _)) = programs.iter().find(|(_, mark)| !is_kept(mark)) {
        return stay(format!(
            "what {path} was then is not kept here, or damaged, so the programs stay: install the release of then to have them back"
        ));
    }
    Returning { programs, stay: None }
}

/// A ledger that is newer now than it was, or was not there.
#[must_use]
pub(super) fn newer<'a>(then: &BTreeMap<String, u32>, now: &'a BTreeMap<String, u32>) -> Option<(&'a String, &'a u32)> {
    now.iter().find(|(path, schema)| then.get(*path).is_none_or(|then| then < *schema))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generations::Origin;

    fn map<T: Clone>(pairs: &[(&str, T)]) -> BTreeMap<String, T> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
    }

    fn record(ledgers: &[(&str, u32)]) -> Record {
        Record {
            schema_version: Record::SCHEMA,
            deployment: "avwap".to_owned(),
            origin: Origin::Apply,
            unitgen: String::new(),
            made_at: None,
            made_by: String::new(),
            manifest: String::new(),
            plan: String::new(),
            programs: map(&[("/p/a", "1".to_owned()), ("/p/b", "2".to_owned())]),
            ledgers: map(ledgers),
            files: BTreeMap::new(),
            is_well: true,
            failed: None,
        }
    }

    #[test]
    fn all_come_back_or_none_and_never_over_a_newer_ledger() {
        let (same, other) = (["1", "2"], ["1", "9"]);
        for (then, now, ledgers, kept, expect) in [
            (&[("/l", 3)][..], same, &[("/l", 9)][..], true, (0, false)),
            (&[("/l", 3)], other, &[("/l", 3)], true, (1, false)),
            (&[("/l", 3)], other, &[("/l", 2)], true, (1, false)),
            (&[("/l", 3)], other, &[], true, (1, false)),
            (&[("/l", 3)], other, &[("/l", 4)], true, (0, true)),
            (&[("/l", 3)], other, &[("/l", u32::MAX)], true, (0, true)),
            (&[], other, &[("/l", 3)], true, (0, true)),
            (&[], other, &[], true, (1, false)),
            (&[("/l", 3)], other, &[("/l", 3)], false, (0, true)),
        ] {
            let now = map(&[("/p/a", now[0].to_owned()), ("/p/b", now[1].to_owned())]);
            let found = returning(&record(then), &now, &map(ledgers), |_| kept);
            assert_eq!((found.programs.len(), found.stay.is_some()), expect, "{then:?} {ledgers:?} {kept}");
        }
    }
}
