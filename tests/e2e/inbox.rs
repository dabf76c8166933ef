//! Two officers disagree, and a person at HQ decides.

use tokio::runtime::Runtime;
use xuncha_engine::api::types::Answer;
use xuncha_tests::stage::Hq;
use xuncha_tests::world::Phone;

use crate::desk::Desk;

const ITEM: &str = "CMN-R-04";

#[test]
fn a_conflict_waits_in_the_inbox_until_hq_settles_it_and_the_phones_hear() {
    let hq = Hq::with_demo_city();
    let desk = Desk::set_up(&hq);
    let runtime = Runtime::new().unwrap();
    let sync = |phone: &Phone| runtime.block_on(phone.engine.sync_once()).unwrap();
    let phone_of = |officer| {
        let phone = Phone::new();
        phone.enrol_at(&hq.address(), &desk.enrolment_text(officer)).unwrap();
        sync(&phone);
        phone
    };
    let (a, b) = (phone_of("执法一中队 甲"), phone_of("执法一中队 乙"));
    let visit = a.begin_visit("网吧").summary.id;
    sync(&a);
    sync(&b);
    a.answer(&visit, ITEM, Answer::Yes);
    b.answer(&visit, ITEM, Answer::No);
    sync(&a);
    sync(&b);

    desk.settles_the_conflict(["符合", "不符合"], "yes");
    for phone in [&a, &b] {
        sync(phone);
        assert_eq!(phone.answers(&visit, ITEM), ["yes"]);
    }
}
