//! A finding taken back on the phone, two visits that HQ counts as one, and a review that reaches the officer.

use tokio::runtime::Runtime;
use xuncha_engine::api::types::Answer;
use xuncha_tests::stage::{Hq, Phone};
use xuncha_tests::world;

use crate::desk::Desk;
use crate::officer::{EXITS, Officer, VENUE};

#[test]
fn what_is_taken_back_joined_or_returned_is_seen_on_both_sides() {
    let hq = Hq::with_demo_city();
    let desk = Desk::set_up(&hq);
    let phone = Phone::new();
    let shown = phone.in_browser();
    let (page, officer) = (&shown.page, Officer(&shown.page));
    officer.comes_to_a_visit(&desk);
    page.part(&format!("item-{EXITS}-no")).click();
    page.part(&format!("finding-{EXITS}-retract")).click();
    page.part("retract-reason").fill("看错了门牌");
    page.shot("acts-1-retract");
    page.part("retract-confirm").click();
    page.part(&format!("finding-{EXITS}-retracted")).says("看错了门牌");
    page.shot("acts-2-retracted");
    page.part("back").click();
    page.part("venue-search").appears();
    page.part("back").click();
    officer.syncs_now_from_today();

    let other = world::Phone::new();
    let runtime = Runtime::new().unwrap();
    other.enrol_at(&hq.address(), &desk.enrolment_text("执法一中队 乙")).unwrap();
    runtime.block_on(other.engine.sync_once()).unwrap();
    let visit = other.begin_visit(VENUE).summary.id;
    other.answer(&visit, EXITS, Answer::Yes);
    runtime.block_on(other.engine.sync_once()).unwrap();

    desk.joins_the_pair();
    page.part("visit-card").says("合并计数");
    desk.returns_a_visit("执法一中队 甲", "请补拍照片");
    page.part("visit-card").says("总部退回");
    page.part("visit-card").click();
    page.part("review").says("请补拍照片");
    page.shot("acts-3-returned");
}
