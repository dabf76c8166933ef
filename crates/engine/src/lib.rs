
pub mod api;
pub mod photo;
