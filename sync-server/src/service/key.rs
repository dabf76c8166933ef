//! HQ's signing key: a file of its own beside the database, so that a copy of the database alone cannot sign.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use xuncha_domain::ids::Entropy;
use xuncha_domain::log::crypto::{SecretKey, Signer};

use super::Error;
use crate::storage::Storage;

/// Opens the key, or makes it at the first start.
///
/// The database remembers the public half: with a foreign or a fresh key, phones would refuse every receipt, so the
/// server does not start without the one that it began with.
pub(super) fn open(path: &Path, storage: &Storage, entropy: &dyn Entropy) -> Result<SecretKey, Error> {
    let known = storage.read(|r| Ok::<_, Error>(r.meta("hq_public_key")?))?;
    let bytes = match std::fs::read_to_string(path) {
        Ok(text) => hex::decode(text.trim()).map_err(|error| Error::Key(error.to_string()))?,
        Err(error) if error.kind() == ErrorKind::NotFound && known.is_none() => {
            let key = SecretKey::generate(entropy);
            write(path, &key).map_err(|error| Error::Key(error.to_string()))?;
            key.to_bytes()
        }
        Err(error) => return Err(Error::Key(error.to_string())),
    };
    let key = SecretKey::from_bytes(&bytes).map_err(|error| Error::Key(error.to_string()))?;
    let public = key.public_key().to_bytes();
    match known {
        Some(known) if known != public => Err(Error::Key("it belongs to another installation".into())),
        Some(_) => Ok(key),
        None => {
            storage.write(|tx| tx.set_meta("hq_public_key", &public))?;
            Ok(key)
        }
    }
}

/// Writes a key to a new file that only its owner can read.
pub(super) fn write(path: &Path, key: &SecretKey) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(hex::encode(key.to_bytes()).as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemEntropy;

    #[test]
    fn the_key_is_kept_private_and_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let storage = Storage::open(&dir.path().join("hq.sqlite")).unwrap();
        let path = dir.path().join("hq.key");
        let public = open(&path, &storage, &SystemEntropy).unwrap().public_key();
        assert_eq!(open(&path, &storage, &SystemEntropy).unwrap().public_key(), public);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(open(&path, &storage, &SystemEntropy), Err(Error::Key(_))));
        std::fs::write(&path, hex::encode(SecretKey::generate(&SystemEntropy).to_bytes())).unwrap();
        assert!(matches!(open(&path, &storage, &SystemEntropy), Err(Error::Key(_))));
    }
}
