//! Calls that do not succeed. What was asked of a phone that lost power before it answered is there after the restart, or
//! not, and either is right.

use std::collections::BTreeSet;

use xuncha_engine::api::InviteText;
use xuncha_engine::api::types::{ApiError, ErrorCode, Nothing, VisitRef, VisitView};
use xuncha_tests::script::sha256;

use crate::model::{Screen, on_phone};
use crate::officer::{Done, Hand};
use crate::standing::{Act, Being};

/// A call that was not answered.
pub enum Unsure {
    Start,
    Edit {
        visit: String,
        /// None for a reading: the phone names it.
        field: Option<String>,
        value: String,
        screen: Screen,
    },
    Photo {
        visit: String,
        bytes: Vec<u8>,
    },
    Finish {
        visit: String,
    },
    Join {
        text: String,
        /// It was joined before.
        joined: bool,
    },
    Act {
        visit: String,
        thing: String,
        act: Act,
        /// The acts that were there before.
        before: BTreeSet<String>,
    },
}

impl Unsure {
    /// The visit that it is about, where there was one before.
    fn visit(&self) -> Option<&str> {
        match self {
            Self::Start | Self::Join { .. } => None,
            Self::Edit { visit, .. }
            | Self::Photo { visit, .. }
            | Self::Finish { visit }
            | Self::Act { visit, .. } => Some(visit),
        }
    }
}

impl Hand<'_> {
    /// Whether HQ holds the commit that began a visit: it has no checklist then.
    pub fn is_held(&self, visit: &str) -> bool {
        let view = self.phone.engine.visit_get(VisitRef { visit: visit.into() });
        view.is_ok_and(|view| view.sections.is_empty())
    }

    /// A call was not answered with success.
    pub fn failed(&mut self, error: &ApiError, unsure: impl FnOnce() -> Unsure) -> Done {
        if self.phone.disk.ended() {
            self.phone.unsure = Some(unsure());
        }
        self.failed_surely(error)
    }

    /// A sealed or empty visit may be refused, and everything on a full disk; nothing else.
    pub fn failed_surely(&self, error: &ApiError) -> Done {
        match error.code {
            _ if self.phone.disk.ended() => Ok(Some("power lost while recording")),
            ErrorCode::DiskFull if self.phone.disk.full() => Ok(Some("refused: disk full")),
            ErrorCode::VisitSealed => Ok(Some("refused: sealed")),
            ErrorCode::VisitEmpty => Ok(Some("refused: empty")),
            ErrorCode::Erased if !self.model.orders.is_empty() => Ok(Some("refused: erased")),
            ErrorCode::VisitPartly => Ok(Some("refused: partly at HQ")),
            // It went with its scope, and the screen is older.
            ErrorCode::NotFound if self.phone.lost_a_scope() => Ok(Some("refused: not held here")),
            _ => Err(format!("an edit was refused: {error:?}")),
        }
    }

    /// After the restart: looks whether what was asked had been done. Either is right, and from now on it is known.
    pub fn look_again(&mut self) -> Result<(), String> {
        let Some(unsure) = self.phone.unsure.take() else { return Ok(()) };
        if let Some(visit) = unsure.visit()
            && self.phone.lost_a_scope()
            && self.phone.engine.visit_get(VisitRef { visit: visit.into() }).is_err()
        {
            return Ok(());
        }
        let draw = |phone: &crate::phone::Phone, visit: &str| -> Result<VisitView, String> {
            let view = phone.engine.visit_get(VisitRef { visit: visit.into() });
            view.map_err(|error| format!("a visit is gone after a power cut: {error:?}"))
        };
        match unsure {
            Unsure::Start => {
                let today = self.phone.engine.today(Nothing {});
                let today = today.map_err(|error| format!("a list after a power cut: {error:?}"))?;
                let new = today.drafts.iter().find(|row| !self.model.visits.contains_key(&row.id));
                if let Some(row) = new {
                    let view = draw(self.phone, &row.id)?;
                    self.started(view)?;
                }
            }
            Unsure::Edit { visit, field, value, screen } => {
                let now = on_phone(&draw(self.phone, &visit)?);
                let holds = |(name, values): &(&String, &BTreeSet<String>)| {
                    field.as_ref().map_or(name.starts_with("reading "), |field| *name == field)
                        && values.contains(&value)
                };
                if let Some((field, _)) = now.iter().find(holds) {
                    self.model.edit(&visit, field, &self.phone.author, &value, &screen)?;
                }
            }
            Unsure::Finish { visit } => {
                if draw(self.phone, &visit)?.summary.sealed {
                    self.present(&visit, Being::Left);
                }
            }
            Unsure::Join { text, joined } => {
                let read = self.phone.engine.invite_read(InviteText { text });
                let read = read.map_err(|error| format!("an invitation is not read: {error:?}"))?;
                if read.joined && !joined {
                    let view = draw(self.phone, &read.visit)?;
                    self.joined(view)?;
                }
            }
            Unsure::Act { visit, thing, act, before } => {
                let now = draw(self.phone, &visit)?;
                self.acted(&visit, &thing, act, &before, &now);
            }
            Unsure::Photo { visit, bytes } => {
                let sha256 = sha256(&bytes);
                if draw(self.phone, &visit)?.photos.iter().any(|photo| photo.sha256 == sha256) {
                    self.model.visits.entry(visit).or_default().photos.insert(sha256, bytes);
                }
            }
        }
        Ok(())
    }
}
