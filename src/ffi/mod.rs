//! The C ABI, [`db`], [`clock`], [`prefetch`] and [`read_mostly`]: the only unsafe code of the crate.
//!
//! Every function of it does three things: take the caller's pointers (all of that is in
//! [`guard`]), call the core, write the answer. The doc comments are written for a C reader: they
//! become `include/mtsession.h`, in the order of the `mod` lines below, which is the order in
//! which a newcomer needs them.
//!
//! What every function relies on, and what its one `unsafe` block refers to as *the header's
//! promises*: a pointer is NULL or good for what the function's comment says; a handle is one that
//! this library gave and has not freed; nobody writes to the caller's memory during the call.

#![allow(non_camel_case_types, clippy::too_many_arguments)]

mod guard;

mod fork;

mod status;

mod error;

mod buffer;

mod options;

mod session;

mod listing;

mod dcs;

mod account;

mod entities;

mod lookups;

mod states;

mod files;

mod values;

mod strings;

mod custom;

pub(crate) mod clock;
pub(crate) mod db;
pub(crate) mod inode;
pub(crate) mod prefetch;
pub(crate) mod read_mostly;
mod threads;

#[cfg(test)]
mod tests;
