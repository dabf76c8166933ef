//! What a thermometer, or the register of a venue, exports as CSV: read as a table, its columns guessed by their headings
//! and contents, and every line either a reading or rejected with its reason. Nothing is written here.

mod columns;
mod rows;
mod table;
mod times;

pub use columns::{Columns, detect, holds_names};
pub use rows::{Line, Reason, Rejected, Rows, read_rows};
pub use table::{Table, Unreadable, read_table};
