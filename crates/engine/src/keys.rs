//! Where the device's private key lives: outside the database, so that a copied database is recognised.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use xuncha_domain::ids::Entropy;
use xuncha_domain::log::crypto::{SecretKey, Signer};

use crate::error::Result;

/// A phone's key store. On phones the platform's own; on a computer a file.
pub trait KeyStore: Send + Sync {
    /// The device's key; none before the first or after it was lost.
    fn load(&self) -> Result<Option<Box<dyn Signer>>>;
    /// Makes a new key and keeps it in place of the old one.
    fn create(&self, entropy: &dyn Entropy) -> Result<Box<dyn Signer>>;
}

/// A key in a file that only its owner may read. For development, tests and desktops without a key store.
pub struct FileKeyStore {
    path: PathBuf,
}

impl FileKeyStore {
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }
}

impl KeyStore for FileKeyStore {
    fn load(&self) -> Result<Option<Box<dyn Signer>>> {
        match fs::read(&self.path) {
            Ok(bytes) => Ok(Some(Box::new(SecretKey::from_bytes(&bytes)?))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn create(&self, entropy: &dyn Entropy) -> Result<Box<dyn Signer>> {
        let key = SecretKey::generate(entropy);
        let temporary = self.path.with_extension("new");
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&temporary)?;
        file.write_all(&key.to_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, &self.path)?;
        if let Some(folder) = self.path.parent() {
            fs::File::open(folder)?.sync_all()?;
        }
        Ok(Box::new(key))
    }
}
