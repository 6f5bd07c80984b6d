//! Program `rehearse`: a whole trading day of a manifest against the simulated venue.
mod supervisor;
mod units;
fn main() {}
