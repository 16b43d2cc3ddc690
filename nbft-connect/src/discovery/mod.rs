//! One discovery controller and its log page.

mod admin;
pub mod log_page;
pub mod reading;
