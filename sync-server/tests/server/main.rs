//! HQ from outside: through its service, as the simulation drives it, and over real HTTP.

mod accounts;
mod console;
mod http;
mod phone;
mod sync;
mod world;
