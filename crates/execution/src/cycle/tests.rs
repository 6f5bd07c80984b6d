//! The loop, as specifications: what it does at the real venue, with its real client and files, step by step.

mod clocks;
mod ending;
mod floor;
mod ledgers;
mod live;
mod months;
mod parity;
mod permission;
mod protection;
mod restarts;
mod sends;
mod splits;
mod starts;
mod streams;
mod views;
