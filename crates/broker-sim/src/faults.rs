//! Which fault meets which request: a script, probabilities and a seed make a plan; the same ones, the same faults.
//!
//! Pure. A rule of the script fits requests by method and path, lets some pass, then strikes so many times; the first
//! rule that is due decides. Where no rule is due, the probabilities do, by the seed and the request's number in the plan.
//! What a fault does to a request is the shell's business (`answer`).

mod fault;
mod plan;

pub use fault::{Fault, FaultError, Garbage};
pub use plan::{By, Fits, Plan, PlanError, RULES_MAX, Rule, Script};
