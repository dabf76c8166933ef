//! An HQ that does not know the phone's dictionary.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use xuncha_domain::log::packet;
use xuncha_domain::protocol::v1;
use xuncha_domain::protocol::v1::refusal;
use xuncha_domain::protocol::v1::sync::{Refused, SyncAnswer, SyncRequest};
use xuncha_engine::api::types::{Answer, SaveState};
use xuncha_engine::transport::{Answer as Answered, Http, Request, Transport};
use xuncha_tests::world::{City, Phone};

/// Lets HQ see only packets without a dictionary, and answers for the others as an HQ that lacks it does.
#[derive(Default)]
struct Without {
    http: Http,
    refused: AtomicUsize,
}

impl Transport for Without {
    fn send(&self, mut request: Request) -> Answered<'_> {
        Box::pin(async move {
            if !request.url.ends_with("/v1/sync") {
                return self.http.send(request).await;
            }
            let mut sync: SyncRequest = v1::decode(&request.body).unwrap();
            let name = packet::dictionary_name();
            let known = |packet: &[u8]| !packet.windows(name.len()).any(|part| part == name);
            let refused: Vec<u32> =
                (0_u32..).zip(&sync.packets).filter(|(_, packet)| !known(packet)).map(|(n, _)| n).collect();
            sync.packets.retain(|packet| known(packet));
            request.body = v1::encode(&sync);
            let mut response = self.http.send(request).await?;
            let mut answer: SyncAnswer = v1::decode(&response.body).unwrap();
            self.refused.fetch_add(refused.len(), Ordering::Relaxed);
            answer.refused.extend(refused.into_iter().map(|packet| Refused {
                packet,
                reason: refusal::packet::COMPRESSION.into(),
                last_common: None,
            }));
            response.body = v1::encode(&answer);
            Ok(response)
        })
    }
}

#[test]
fn packets_go_uncompressed_to_an_hq_that_lacks_the_dictionary() {
    let city = City::new();
    let network = Arc::new(Without::default());
    let phone = Phone::over(tempfile::tempdir().unwrap(), network.clone());
    phone.enrol(&city, &city.code(0)).unwrap();
    city.sync(&phone);
    let visit = phone.begin_visit("网吧").summary.id;
    phone.answer(&visit, "CMN-R-01", Answer::Yes);
    city.sync(&phone);
    assert_eq!(city.answers(&visit, "CMN-R-01"), ["yes"]);
    assert_eq!(phone.sync_status().state, SaveState::Held);
    assert_eq!(network.refused.load(Ordering::Relaxed), 1, "refused once, then sent without");
}
