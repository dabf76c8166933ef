//! What an officer measures and photographs.

use std::io::Cursor;

use xuncha_engine::api::types::{AddPhoto, AddReading, CorrectReading, ReadingInput, VisitView};

use crate::model::Screen;
use crate::officer::{Done, Hand};
use crate::unsure::Unsure;

impl Hand<'_> {
    fn temperature(&mut self) -> ReadingInput {
        ReadingInput {
            temperature_dc: self.next() - 400,
            site: "air".into(),
            indoor: true,
            ambient_dc: None,
            sequence: "first".into(),
            subject: None,
        }
    }

    pub fn reading(&mut self, view: &VisitView) -> Done {
        let reading = self.temperature();
        let value = reading.temperature_dc;
        let done = self.phone.engine.reading_add(AddReading {
            visit: view.summary.id.clone(),
            reading,
            retest_of: None,
        });
        if let Err(error) = &done {
            return self.failed(error, || Unsure::Edit {
                visit: view.summary.id.clone(),
                field: None,
                value: value.to_string(),
                screen: Screen::default(),
            });
        }
        let new = done.as_ref().ok().and_then(|view| {
            view.readings
                .iter()
                .find(|row| row.reading.value.as_ref().is_some_and(|r| r.temperature_dc == value))
        });
        let field = new.map(|row| format!("reading {}", row.id)).unwrap_or_default();
        if done.is_ok() && field.is_empty() {
            return Err(format!("{}: a reading was acknowledged and is not shown", view.summary.id));
        }
        self.edited(view, &field, &value.to_string(), &Screen::default(), done, "reading")
    }

    pub fn correct(&mut self, view: &VisitView) -> Done {
        if view.readings.is_empty() {
            return Ok(None);
        }
        let row = self.random.one_of(&view.readings);
        let reading = self.temperature();
        let value = reading.temperature_dc.to_string();
        let (visit, id, token) = (view.summary.id.clone(), row.id.clone(), row.reading.token.clone());
        let field = format!("reading {id}");
        let reason_token = row.reason_token.clone();
        let change = CorrectReading { visit, id, reading, reason: "读错".into(), token, reason_token };
        let done = self.phone.engine.reading_correct(change);
        self.edited(view, &field, &value, &Screen::of(view), done, "correction")
    }

    pub fn photo(&mut self, view: &VisitView) -> Done {
        // Some of them go in more than one piece.
        let size = *self.random.one_of(&[3_000, 40_000, 1_200_000]);
        let bytes = self.random.photo(size);
        let meta = AddPhoto { visit: view.summary.id.clone(), item: None, position: None };
        match self.phone.engine.add_photo(&meta, &mut Cursor::new(&bytes)) {
            Ok(now) => {
                let known: Vec<_> = view.photos.iter().map(|photo| &photo.sha256).collect();
                let visit = self.model.visits.entry(view.summary.id.clone()).or_default();
                let new = now.photos.iter().map(|photo| &photo.sha256);
                let mut new =
                    new.filter(|sha256| !visit.photos.contains_key(*sha256) && !known.contains(sha256));
                let sha256 = new.next().ok_or("a photo was acknowledged and is not shown")?.clone();
                visit.photos.insert(sha256, bytes);
                self.phone.screens.insert(view.summary.id.clone(), now);
                Ok(Some("photo"))
            }
            Err(error) => self.failed(&error, || Unsure::Photo { visit: view.summary.id.clone(), bytes }),
        }
    }
}
