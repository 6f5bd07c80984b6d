//! Helpers shared by the proofs.
