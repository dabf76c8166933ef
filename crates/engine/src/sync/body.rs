//! A request's body that tells how far it got.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::patience::Moved;

/// Handed to the connection at once.
const CHUNK_BYTES: usize = 16 * 1024;

struct Counted {
    rest: Bytes,
    moved: Moved,
}

/// A body of which each chunk that the connection takes is counted.
pub fn counted(bytes: Vec<u8>, moved: &Moved) -> reqwest::Body {
    reqwest::Body::wrap(Counted { rest: bytes.into(), moved: moved.clone() })
}

impl Body for Counted {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(CHUNK_BYTES);
        let chunk = self.rest.split_to(length);
        self.moved.more();
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    /// Exact, so that the request says how long it is.
    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
