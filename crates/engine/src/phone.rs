//! The engine of a phone, or why it could not be opened.
//!
//! A database from a newer app or a broken disk must not end in a program that dies at its start without a word: the
//! reason is kept, every call answers with it, and the screen says what the officer can do. The one call that goes on
//! working is the rescue bundle: what HQ does not have leaves the phone also when the app cannot show it.

use std::fs::File;

use serde_json::Value;

use crate::api::types::{ApiError, ErrorCode};
use crate::engine::{Engine, Options};
use crate::rescue;

#[derive(Clone)]
pub struct Phone {
    engine: Result<Engine, ApiError>,
    options: Options,
}

impl Phone {
    /// Opens the data folder as [`Engine::open`] does.
    pub fn open(options: Options) -> Self {
        Self { engine: Engine::open(options.clone()).map_err(ApiError::from), options }
    }

    /// # Errors
    /// Why the engine could not be opened.
    pub fn engine(&self) -> Result<&Engine, ApiError> {
        self.engine.as_ref().map_err(Clone::clone)
    }

    /// Calls an api function by name. Blocks on disk, never on the network.
    ///
    /// # Errors
    /// The call's own, or why there is no engine.
    pub fn call(&self, name: &str, arguments: Value) -> Result<Value, ApiError> {
        match &self.engine {
            Ok(engine) => engine.call(name, arguments),
            Err(_) if name == "rescue_bundle" => {
                let made = rescue::from_folder(&self.options, None, &rescue::folder(&self.options))?;
                serde_json::to_value(made)
                    .map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))
            }
            Err(why) => Err(why.clone()),
        }
    }

    /// The bundle that was made last, with its file name.
    ///
    /// # Errors
    /// `NotFound` when none was made.
    pub fn rescue_file(&self) -> Result<(String, File), ApiError> {
        Ok(rescue::newest(&rescue::folder(&self.options))?)
    }

    /// The app may be killed from now on without another word.
    pub fn suspend(&self) {
        if let Ok(engine) = &self.engine {
            engine.suspend();
        }
    }
}
