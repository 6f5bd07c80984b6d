//! The program as its users meet it: scans of a generated market, bad inputs, and real days against independent lists.

mod bad_inputs;
mod golden;
mod indicators;
mod rig;
mod scan;
