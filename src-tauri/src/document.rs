//! Documents on their way to the screen and out of the app.
//!
//! Pages come by an own scheme, `document://localhost/<name>/<page>`, as photos do. The PDF leaves by the system's dialog,
//! as rescue files do: there the officer saves it, or hands it to what shares and prints.

use percent_encoding::percent_decode_str;
use tauri::http::{Request, Response, header};
use tauri::{AppHandle, Manager, State, UriSchemeContext, UriSchemeResponder, Wry, async_runtime};
use tauri_plugin_dialog::DialogExt;
use xuncha_engine::Phone;
use xuncha_engine::api::types::ApiError;

use crate::commands::blocking;
use crate::photo::missing;
use crate::rescue::save;

/// Asks where a document should go, and writes it there. False when the officer changes his mind.
#[tauri::command]
pub(crate) async fn document_save(
    app: AppHandle,
    phone: State<'_, Phone>,
    visit: String,
    document: String,
) -> Result<bool, ApiError> {
    let engine = phone.engine()?.clone();
    blocking(move || {
        let (name, pdf) = engine.document_pdf(&visit, &document)?;
        let dialog = app.dialog().file().add_filter("PDF", &["pdf"]).set_file_name(name);
        save(&app, dialog, &mut pdf.as_slice())
    })
    .await
}

/// Answers the `document` scheme.
pub(crate) fn serve(
    context: UriSchemeContext<'_, Wry>,
    request: Request<Vec<u8>>,
    responder: UriSchemeResponder,
) {
    let app = context.app_handle().clone();
    async_runtime::spawn_blocking(move || {
        let phone = app.state::<Phone>();
        let page = named(request.uri().path())
            .and_then(|(name, page)| phone.engine().ok()?.document_page(&name, page).ok());
        responder.respond(answer(page));
    });
}

fn answer(page: Option<String>) -> Response<Vec<u8>> {
    let found = page.and_then(|svg| {
        Response::builder()
            .header(header::CONTENT_TYPE, "image/svg+xml")
            .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
            .header(header::CACHE_CONTROL, "private, no-store")
            .body(svg.into_bytes())
            .ok()
    });
    found.unwrap_or_else(missing)
}

/// The page encodes the whole path, its slash included.
fn named(path: &str) -> Option<(String, usize)> {
    let path = percent_decode_str(path.trim_start_matches('/')).decode_utf8().ok()?;
    let (name, page) = path.split_once('/')?;
    Some((name.to_owned(), page.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use tauri::http::StatusCode;

    use super::*;

    #[test]
    fn an_address_names_a_paper_and_its_page() {
        assert_eq!(named("/ab/3"), Some(("ab".into(), 3)));
        assert_eq!(named("/ab%2F0"), Some(("ab".into(), 0)));
        assert!(["/ab", "/ab/", "/ab/x", "/ab/-1", "/%ff/1"].iter().all(|path| named(path).is_none()));
    }

    #[test]
    fn a_page_is_a_picture_and_what_is_not_there_is_not_found() {
        assert_eq!(answer(Some("<svg/>".into())).headers()[header::CONTENT_TYPE], "image/svg+xml");
        assert_eq!(answer(None).status(), StatusCode::NOT_FOUND);
    }
}
