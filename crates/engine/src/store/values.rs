//! Ids and values in columns.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use xuncha_domain::cbor::Value;
use xuncha_domain::ids::{ChainId, CommitHash, CommitRef, DeviceId, EntityId, OfficerId};

/// An id in a BLOB column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Col<T>(pub T);

macro_rules! id_column {
    ($($name:ident),+) => { $(
        impl FromSql for Col<$name> {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                $name::from_slice(value.as_blob()?).map(Col).map_err(|error| FromSqlError::Other(Box::new(error)))
            }
        }
        impl ToSql for Col<$name> {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self.0.as_bytes())))
            }
        }
    )+ };
}
id_column!(ChainId, CommitHash, CommitRef, DeviceId, EntityId, OfficerId);

impl FromSql for Col<Value> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Value::decode(value.as_blob()?).map(Col).map_err(|error| FromSqlError::Other(Box::new(error)))
    }
}

/// References of 16 bytes each, one after the other.
pub fn refs_to_bytes(refs: &[CommitRef]) -> Vec<u8> {
    refs.iter().flat_map(|r| r.0).collect()
}

/// The inverse; bytes of another length are cut at the last whole reference.
pub fn refs_from_bytes(bytes: &[u8]) -> Vec<CommitRef> {
    bytes.as_chunks::<16>().0.iter().map(|chunk| CommitRef(*chunk)).collect()
}
