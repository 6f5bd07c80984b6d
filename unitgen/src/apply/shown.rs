//! What `systemctl show` says of units, as text. Pure.

use std::collections::BTreeMap;

/// What is asked of every unit.
pub const PROPERTIES: &str = "Id,LoadState,ActiveState,SubState,Result,Type,InvocationID,MainPID,NRestarts,ExecMainStatus,\
    ExecCondition,ExecStartPre,NeedDaemonReload,UnitFileState,Job";

/// One unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    properties: BTreeMap<String, String>,
}

impl Shown {
    /// Reads the blocks of some units, by name.
    #[must_use]
    pub fn read(text: &str) -> BTreeMap<String, Self> {
        let blocks = text.split("\n\n").map(|block| {
            let lines = block.lines().filter_map(|line| line.split_once('='));
            Self { properties: lines.map(|(key, value)| (key.to_owned(), value.to_owned())).collect() }
        });
        blocks.filter(|shown| !shown.get("Id").is_empty()).map(|shown| (shown.get("Id").to_owned(), shown)).collect()
    }

    /// A property; empty when it is not said.
    #[must_use]
    pub fn get(&self, key: &str) -> &str {
        self.properties.get(key).map_or("", String::as_str)
    }

    /// Whether it is active.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.get("ActiveState") == "active"
    }

    /// Whether it runs, or is on its way there.
    #[must_use]
    pub fn is_up(&self) -> bool {
        matches!(self.get("ActiveState"), "active" | "activating" | "reloading" | "refreshing")
    }

    /// Whether a job of it is queued.
    #[must_use]
    pub fn has_job(&self) -> bool {
        !matches!(self.get("Job"), "" | "0")
    }

    /// How the last command of `ExecCondition=` or `ExecStartPre=` ended: `exited 75`; empty when none ran.
    #[must_use]
    pub fn end_of(&self, commands: &str) -> String {
        let said = self.get(commands);
        let last = |key: &str| said.rsplit_once(key).map(|(_, rest)| rest.split([' ', ';', '}']).next().unwrap_or(""));
        match (last("code="), last("status=")) {
            (Some(code), Some(status)) if code != "(null)" => {
                format!("{code} {}", status.split('/').next().unwrap_or(""))
            }
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_how_commands_ended() {
        let text = "Id=a.service\nActiveState=inactive\nJob=17\nExecCondition={ path=/g ; argv[]=/g execution ; \
            ignore_errors=no ; start_time=[Thu 2026-10-15 13:40:00 UTC] ; pid=7 ; code=exited ; status=75 }\n\n\
            Id=b.timer\nActiveState=active\nExecCondition={ path=/g ; pid=0 ; code=(null) ; status=0/0 }\n";
        let shown = Shown::read(text);
        assert_eq!(shown.len(), 2);
        assert_eq!(shown["a.service"].end_of("ExecCondition"), "exited 75");
        assert_eq!(shown["a.service"].end_of("ExecStartPre"), "");
        assert_eq!(shown["b.timer"].end_of("ExecCondition"), "");
        assert!(shown["a.service"].has_job() && !shown["a.service"].is_active());
        assert!(!shown["b.timer"].has_job() && shown["b.timer"].is_up());
    }
}
