//! Nothing but tests: see `tests/faults`.
