//! HQ closed a phone: what its officer records is theirs to see and to go on with, and counts once the phone is open again.

use xuncha_engine::api::types::{Answer, SaveState};
use xuncha_server::service::ConsoleUser;
use xuncha_server::storage::Role;
use xuncha_tests::world::City;

use super::finish;

const ITEM: &str = "CMN-R-01";
const OTHER: &str = "CMN-R-02";

#[test]
fn a_visit_begun_while_the_phone_is_closed_goes_on_on_that_phone() {
    let city = City::new();
    let phone = city.phone(0);
    let before = phone.begin_visit("影城").summary.id;
    phone.answer(&before, ITEM, Answer::Yes);
    city.sync(&phone);
    let admin = ConsoleUser { id: [9; 16], name: "hq".into(), role: Role::Admin };
    let device = city.service.devices().unwrap().remove(0).id;
    city.service.close_device(&admin, &hex::decode(device).unwrap().try_into().unwrap()).unwrap();

    phone.answer(&before, ITEM, Answer::No);
    let visit = phone.begin_visit("网吧").summary.id;
    phone.answer(&visit, ITEM, Answer::No);
    city.sync(&phone);
    assert_eq!(phone.sync_status().state, SaveState::Attention, "the officer reads why");
    assert_eq!(
        (phone.answers(&visit, ITEM), phone.answers(&before, ITEM)),
        (vec!["no".into()], vec!["no".into()])
    );
    phone.answer(&visit, OTHER, Answer::Yes);
    finish(&phone, &visit);
    city.sync(&phone);
    let phone = phone.restarted();
    assert!(phone.visit(&visit).summary.sealed);
    assert_eq!(phone.answers(&visit, OTHER), ["yes"]);
    assert_eq!(city.answers(&before, ITEM), ["yes"], "at HQ it is held");
    let other = city.phone(1);
    assert_eq!(other.answers(&before, ITEM), ["yes"]);
}
