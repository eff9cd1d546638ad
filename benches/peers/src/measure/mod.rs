//! How a figure is measured: children pinned to cores and accounted by `wait4`, pairs that alternate, servers that end when dropped.

pub mod child;
mod codec;
mod collect;
mod cpu;
mod delay;
pub mod dovecot;
pub mod figure;
mod flights;
mod home;
mod memory;
pub mod pair;
mod wall;
