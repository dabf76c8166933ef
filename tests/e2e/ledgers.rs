//! A closure campaign from HQ's desk to the last venue and back, and a hotline case with its clocks, on both screens.

use xuncha_tests::stage::{Hq, Phone};
use xuncha_tests::webdriver::Page;

use crate::desk::Desk;
use crate::officer::Officer;

/// One of the two venues that the campaign is about.
const VENUE: &str = "示例网吧 小店01";

#[test]
fn a_campaign_is_assigned_delivered_and_verified_and_hq_sees_it() {
    let hq = Hq::with_demo_city();
    let desk = Desk::set_up(&hq);
    let phone = Phone::new();
    let shown = phone.in_browser();
    let (page, officer) = (&shown.page, Officer(&shown.page));
    officer.enrols(&desk.enrolment_text("执法一中队 甲"), None);
    page.part("today-work").appears();

    hq_begins_a_campaign(&desk);
    hq_writes_a_notice(&desk);
    hears_from_hq(page);

    // The tasks of the officer's team, with their terms.
    page.part("today-assignment").says("2");
    page.shot("ledgers-1-today");
    page.part("today-assignment").click();
    page.part("ledger-row").are(2);
    // In walking order, until the officer wants it otherwise.
    page.part("round-stop").are(2);
    let first = page.part("ledger-row").nth(0).attribute("data-id").expect("a row names itself");
    page.shot("ledgers-2-round");
    page.part("round-later-0").click();
    page.css(&format!("[data-testid='round-stop']:last-child[data-id='{first}']")).appears();
    page.part("ledger-row").nth(0).says("示例网吧 小店");
    page.part("ledger-row").nth(0).click();
    page.part("step-accepted").click();
    page.css("[data-testid='state-status'][data-state='accepted']").appears();
    page.shot("ledgers-3-task");

    // The notice, venue by venue.
    back_to_today(page);
    page.part("today-work").click();
    page.shot("ledgers-4-work");
    page.part("work-notice").click();
    page.part("ledger-row").click();
    page.part("row-targets").click();
    page.part("targets-count").says("0 / 2");
    page.shot("ledgers-5-targets");
    page.part("target").nth(0).says(VENUE);
    page.part("target").nth(0).click();
    page.part("cell-channel-phone").click();
    page.part("cell-status-delivered").click();
    page.part("cell-reached").type_text("值班经理");
    page.shot("ledgers-6-deliver");
    page.part("ledger-save").click();
    page.css("[data-testid='state-status'][data-state='delivered']").appears();
    page.part("row-at").says(":");
    page.part("step-acknowledged").click();
    page.css("[data-testid='state-status'][data-state='acknowledged']").appears();
    page.shot("ledgers-7-delivered");

    // A closure that was seen.
    back_to_today(page);
    page.part("today-work").click();
    page.part("work-closure").click();
    page.part("ledger-new").click();
    page.part("cell-verb-shut_down").click();
    page.part("pick-search").type_text(VENUE);
    page.part("pick-venue").are(1);
    page.part("pick-venue").click();
    page.part("cell-status-verified").click();
    page.part("ledger-save").click();
    page.css("[data-testid='state-status'][data-state='verified']").appears();
    page.part("row-headline").says(VENUE);

    hears_from_hq(page);
    let hq = &desk.0;
    hq.css("nav a[href='#/ledgers']").click();
    hq.part("nav-closure").click();
    hq.part("ledger-row").says("关停");
    hq.part("nav-delivery").click();
    hq.part("ledger-which").appears();
    hq.option("全部").click();
    hq.part("ledger-row").says("值班经理");
    hq.shot("ledgers-8-console");
    hq.part("ledger-row").click();
    hq.css("[data-testid='state-status'][data-state='acknowledged']").appears();
    hq.part("row-reached").says("值班经理");
    hq.part("row-reached").says("执法一中队 甲");
    hq.shot("ledgers-9-console-row");
}

/// Both venues of one kind in one district, for one team.
fn hq_begins_a_campaign(desk: &Desk) {
    let hq = &desk.0;
    hq.css("nav a[href='#/ledgers']").click();
    hq.part("ledger-new").click();
    hq.part("cell-name").fill("网吧关停专项行动");
    hq.part("cell-categories-ICAFE").click();
    hq.part("cell-districts-140105").click();
    hq.shot("ledgers-0-campaign");
    hq.part("row-save").click();
    hq.part("step-active").click();
    hq.css("[data-testid='state-status'][data-state='active']").appears();
    hq.part("assign-open").click();
    hq.option("执法一中队").click();
    hq.part("assign-try").click();
    hq.part("assign-found").says("2");
    hq.shot("ledgers-0-assign");
    hq.part("assign-confirm").click();
    hq.part("assign-dialog").disappears();
}

fn hq_writes_a_notice(desk: &Desk) {
    let hq = &desk.0;
    hq.part("nav-notice").click();
    hq.part("ledger-new").click();
    hq.part("cell-title").fill("关于暂停营业的紧急通知");
    hq.part("cell-body").fill("自即日起暂停营业。");
    hq.part("cell-categories-ICAFE").click();
    hq.part("cell-districts-140105").click();
    hq.part("row-save").click();
    hq.part("step-issued").click();
    hq.css("[data-testid='state-status'][data-state='issued']").appears();
}

/// Sends what is here and asks for what is new.
fn hears_from_hq(page: &Page) {
    page.run("location.hash = '#/queue'", &serde_json::json!([]));
    page.part("sync-now").click();
    page.css("[data-testid='sync-banner'][data-state='held']").appears();
    page.css("[data-testid='queue-row'][data-state='on_phone']").disappears();
    back_to_today(page);
}

fn back_to_today(page: &Page) {
    page.run("location.hash = '#/'", &serde_json::json!([]));
    page.part("today-work").appears();
}

#[test]
fn a_hotline_case_is_answered_and_settled_by_two_clocks() {
    let hq = Hq::with_demo_city();
    let desk = Desk::set_up(&hq);
    let phone = Phone::new();
    let shown = phone.in_browser();
    let (page, officer) = (&shown.page, Officer(&shown.page));
    officer.enrols(&desk.enrolment_text("执法一中队 甲"), None);
    page.part("today-work").appears();

    let hq = &desk.0;
    hq.css("nav a[href='#/ledgers']").click();
    hq.part("nav-case").click();
    hq.part("ledger-new").click();
    hq.option("12345").click();
    hq.part("cell-number").fill("TY-0001");
    hq.part("cell-request").fill("退团，押金未退。");
    hq.part("cell-caller").fill("游客 A");
    hq.option("执法一中队 甲").click();
    hq.part("row-save").click();
    hq.part("row-request").says("押金");
    hears_from_hq(page);

    page.part("today-case").click();
    page.part("ledger-row").says("TY-0001");
    page.part("ledger-row").click();
    page.part("step-signed").click();
    page.part("step-accepted").click();
    page.part("step-handling").click();
    page.part("add-contact").click();
    page.part("cell-channel-phone").click();
    page.part("cell-said").type_text("旅行社答应退款。");
    page.part("ledger-save").click();
    page.part("under-contact").says("答应退款");
    page.part("add-refund").click();
    page.part("cell-party").type_text("游客 A");
    page.part("cell-paid").type_text("1280.50");
    page.part("ledger-save").click();
    page.part("under-refund").says("1280.50");
    page.part("step-replied").click();
    page.part("row-answered").appears();
    page.part("step-settled").click();
    page.part("row-settled").appears();
    page.shot("ledgers-case-phone");

    hears_from_hq(page);
    hq.css("[data-testid='state-status'][data-state='settled']").appears();
    hq.part("row-answered").says(":");
    hq.part("row-paid").says("1280.50");
    hq.shot("ledgers-case-console");
}
