//! The entities that hang on a visit, by their natural keys.

use crate::cbor::Value;
use crate::ids::{DeviceId, EntityId, OfficerId, tagged_hash};
use crate::log::body::Entity;

use super::kind;

const IMPORT_TAG: &str = "xuncha/1 imported reading";

pub fn visit(id: EntityId) -> Entity {
    Entity::new(kind::VISIT, id)
}

/// The finding that a failed item opens.
pub fn finding(visit: &Entity, item: &str) -> Entity {
    Entity::keyed(kind::FINDING, visit, Value::text(item))
}

/// The item of a finding.
pub fn finding_item(key: &Value) -> Option<&str> {
    key.as_text()
}

/// An author's note on an item, or on the visit as a whole.
pub fn note(visit: &Entity, item: Option<&str>, author: OfficerId) -> Entity {
    let item = Value::option(item, Value::text);
    Entity::keyed(kind::NOTE, visit, Value::Array(vec![item, Value::bytes(author.0)]))
}

/// The item (none: the visit as a whole) and the author of a note.
pub fn note_key(key: &Value) -> Option<(Option<&str>, OfficerId)> {
    match key.as_array()? {
        [item, Value::Bytes(author)] => Some((item.as_text(), OfficerId::from_slice(author).ok()?)),
        _ => None,
    }
}

/// `nonce` only has to differ within the visit: five random bytes.
pub fn reading(visit: &Entity, nonce: [u8; 5]) -> Entity {
    Entity::keyed(kind::READING, visit, Value::bytes(nonce))
}

/// A reading from a line of a thermometer's file: the same line is one reading, however often it is imported.
pub fn imported_reading(visit: &Entity, file: &[u8; 32], line: u32) -> Entity {
    let [a, b, c, d, e, ..] = tagged_hash(IMPORT_TAG, &[file, &line.to_be_bytes()]);
    reading(visit, [a, b, c, d, e])
}

/// What tells a reading from the others of its visit.
pub fn reading_key(key: &Value) -> Option<[u8; 5]> {
    key.as_bytes()?.try_into().ok()
}

/// The same picture for the same item is one photo, whoever adds it.
pub fn photo(visit: &Entity, sha256: &[u8; 32], item: Option<&str>) -> Entity {
    let name: Vec<u8> = sha256.iter().take(8).copied().collect();
    Entity::keyed(
        kind::PHOTO,
        visit,
        Value::Array(vec![Value::Bytes(name), Value::option(item, Value::text)]),
    )
}

/// The item of a photo; none for the visit as a whole.
pub fn photo_item(key: &Value) -> Option<&str> {
    key.as_array()?.get(1)?.as_text()
}

/// A document, by its provisional number.
pub fn document(visit: &Entity, number: &str) -> Entity {
    Entity::keyed(kind::DOCUMENT, visit, Value::text(number))
}

/// The provisional number of a document.
pub fn document_number(key: &Value) -> Option<&str> {
    key.as_text()
}

pub fn presence(visit: &Entity, device: DeviceId) -> Entity {
    Entity::keyed(kind::PRESENCE, visit, Value::bytes(device.0))
}

/// The device whose presence it is.
pub fn presence_device(key: &Value) -> Option<DeviceId> {
    DeviceId::from_slice(key.as_bytes()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_phones_that_create_the_same_thing_create_one() {
        let visit = visit(EntityId([1; 16]));
        assert_eq!(finding(&visit, "ICF-R-01").id, finding(&visit, "ICF-R-01").id);
        assert_ne!(finding(&visit, "ICF-R-01").id, finding(&visit, "ICF-R-02").id);
        let line = imported_reading(&visit, &[7; 32], 2).origin.unwrap().key.clone();
        assert_eq!(reading_key(&line), Some([0xEB, 0x91, 0xDD, 0x1A, 0xD7]), "as FORMAT.md has it");
        let author = OfficerId([2; 16]);
        let note = note(&visit, Some("ICF-R-01"), author);
        assert_eq!(note_key(&note.origin.unwrap().key), Some((Some("ICF-R-01"), author)));
    }
}
