
pub mod api;
