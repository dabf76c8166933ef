//! Rows of ledgers between phones and HQ: one row for one thing, nothing lost, nobody reads what is not theirs.

use std::collections::BTreeMap;

use xuncha_domain::ids::EntityId;
use xuncha_domain::model::erase::Target;
use xuncha_engine::api::ledger::types::{
    CellValue, FindRows, FindTargets, LedgerRow, NewRow, RowRef, SetCell, SetRow,
};
use xuncha_engine::api::types::{ErrorCode, FindVenues, SaveState};
use xuncha_server::http::types::{
    AssignVenues, CellInput, LedgerQuery, NewRow as HqRow, SetCell as HqCell, SetRow as HqSet,
};
use xuncha_tests::world::{City, Phone};

use super::erase::supervisor;

const CATEGORY: &str = "ICAFE";
const DISTRICT: &str = "140105";
const SECRET: &str = "旅客丙的电话 139-2218-0007";

fn text(text: &str) -> CellValue {
    CellValue::Text(text.into())
}

fn cells(cells: &[(&str, CellValue)]) -> BTreeMap<String, CellValue> {
    cells.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn add(phone: &Phone, ledger: &str, of: &[(&str, CellValue)]) -> LedgerRow {
    phone.engine.ledger_add(NewRow { ledger: ledger.into(), under: None, cells: cells(of) }).unwrap().row
}

fn get(phone: &Phone, row: &str) -> LedgerRow {
    phone.engine.ledger_row(RowRef { row: row.into() }).unwrap()
}

/// Sets a cell as it was drawn in `row`.
fn set(phone: &Phone, row: &LedgerRow, name: &str, value: CellValue) -> Result<LedgerRow, ErrorCode> {
    let cell = SetCell { value: Some(value), token: row.cells[name].token.clone() };
    let set = SetRow { row: row.id.clone(), cells: BTreeMap::from([(name.to_owned(), cell)]) };
    phone.engine.ledger_set(set).map_err(|error| error.code)
}

fn value<'r>(row: &'r LedgerRow, name: &str) -> Option<&'r CellValue> {
    row.cells[name].value.as_ref()
}

fn venue(phone: &Phone) -> String {
    let find = FindVenues {
        text: String::new(),
        category: Some(CATEGORY.into()),
        district: Some(DISTRICT.into()),
        near: None,
        limit: Some(1),
    };
    phone.engine.venues_find(find).unwrap().remove(0).id
}

fn hq_adds(city: &City, ledger: &str, cells: &[(&str, CellInput)]) -> String {
    let cells = cells.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    city.service.add_row(&supervisor(), ledger, HqRow { under: None, cells }).unwrap().id
}

fn campaign(city: &City) -> String {
    let list = |codes: &[&str]| CellInput::List(codes.iter().map(|code| (*code).to_owned()).collect());
    hq_adds(
        city,
        "campaign",
        &[
            ("name", CellInput::Text("关停".into())),
            ("categories", list(&[CATEGORY])),
            ("districts", list(&[DISTRICT])),
        ],
    )
}

fn rows(phone: &Phone, ledger: &str, mine: bool) -> Vec<LedgerRow> {
    let find = FindRows { ledger: ledger.into(), open: None, mine, venue: None, of: None, skip: 0 };
    phone.engine.ledger_rows(find).unwrap().rows
}

#[test]
fn two_phones_that_close_one_venue_write_one_row_and_lose_nothing() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let venue = venue(&a);
    let closes = |phone: &Phone, note: &str| {
        add(
            phone,
            "closure",
            &[
                ("venue", text(&venue)),
                ("verb", text("shut_down")),
                ("status", text("verified")),
                ("note", text(note)),
            ],
        )
    };
    let first = closes(&a, "卷帘门已拉下");
    b.clock.set_ahead(5 * 60_000);
    let second = closes(&b, "门口贴了通知");
    assert_eq!(first.id, second.id, "one closure of one venue");
    assert_eq!(first.state, SaveState::OnPhone);
    for phone in [&a, &b, &a] {
        city.sync(phone);
    }
    for phone in [&a, &b] {
        let row = get(phone, &first.id);
        assert_eq!(row.state, SaveState::Held);
        assert_eq!(value(&row, "status"), Some(&text("verified")));
        // Both saw it, at different times, and each is the officer of their own word.
        assert!(row.cells["at"].conflict.is_empty() && value(&row, "at").is_some());
        assert_eq!(row.cells["note"].conflict.len(), 2);
    }
    let row = get(&a, &first.id);
    let settled = set(&a, &row, "note", text("卷帘门已拉下，门口贴了通知")).unwrap();
    assert!(settled.cells["note"].conflict.is_empty());
    city.sync(&a);
    let at_hq = city.service.ledger_row(&first.id.parse::<EntityId>().unwrap().0).unwrap();
    assert_eq!(at_hq.cells["note"].value, Some(CellInput::Text("卷帘门已拉下，门口贴了通知".into())));
    assert_eq!(at_hq.names[&venue], venue_name(&a, &venue));
}

fn venue_name(phone: &Phone, venue: &str) -> String {
    let venue = xuncha_engine::api::types::VenueRef { venue: venue.into() };
    phone.engine.venue_get(venue).unwrap().venue.name
}

#[test]
fn states_lead_on_and_a_later_one_absorbs_a_concurrent_earlier_one() {
    let city = City::new();
    let (a, b) = (city.phone(0), city.phone(1));
    let incident = add(&a, "incident", &[("kind", text("crowd")), ("description", text("门口聚集三十余人"))]);
    for phone in [&a, &b] {
        city.sync(phone);
    }
    let (on_a, on_b) = (get(&a, &incident.id), get(&b, &incident.id));
    assert_eq!(set(&b, &on_b, "status", text("closed")).map(|_| ()), Ok(()), "many steps at once");
    let out = set(&a, &on_a, "status", text("dispatched")).unwrap();
    assert!(value(&out, "accepted").is_some(), "its time is written with the step");
    for phone in [&a, &b, &a] {
        city.sync(phone);
    }
    for phone in [&a, &b] {
        let row = get(phone, &incident.id);
        assert_eq!((value(&row, "status"), row.conflicts, row.open), (Some(&text("closed")), 0, false));
    }
    let row = get(&a, &incident.id);
    assert_eq!(
        set(&a, &row, "status", text("reported")),
        Err(ErrorCode::BadRequest),
        "the other officer closed it"
    );
    assert_eq!(set(&a, &row, "status", text("nonsense")), Err(ErrorCode::BadRequest));
}

#[test]
fn what_hq_assigns_comes_to_the_team_and_what_is_done_is_counted_for_the_campaign() {
    let city = City::new();
    let phone = city.phone(0);
    let campaign = campaign(&city);
    let team = city.service.officers().unwrap()[0].row.team.map(hex::encode).unwrap();
    let wanted = AssignVenues {
        campaign: campaign.clone(),
        task: "close_check".into(),
        team,
        district: None,
        category: None,
        township: None,
        due: Some("2020-02-10".into()),
        batch: Some(1),
        dry_run: true,
    };
    let tried = city.service.assign(&supervisor(), &wanted).unwrap();
    let done =
        city.service.assign(&supervisor(), &AssignVenues { dry_run: false, ..wanted.clone() }).unwrap();
    assert_eq!((tried, done.added > 0), (done, true));
    let again = city.service.assign(&supervisor(), &AssignVenues { dry_run: false, ..wanted }).unwrap();
    assert_eq!((again.added, again.known), (0, done.added));

    city.sync(&phone);
    let tasks = rows(&phone, "assignment", true);
    assert_eq!(tasks.len(), done.added as usize);
    assert!(
        tasks
            .iter()
            .all(|task| value(task, "district") == Some(&text(DISTRICT)) && task.state == SaveState::Held)
    );
    let other_team = city.phone(2);
    city.sync(&other_team);
    assert!(rows(&other_team, "assignment", true).is_empty(), "not theirs");

    let targets = |rest| {
        let find = FindTargets { row: campaign.clone(), district: None, rest, skip: 0 };
        phone.engine.ledger_targets(find).unwrap()
    };
    assert_eq!((targets(true).total, targets(true).begun), (done.added, 0));
    let venue = targets(true).rows[0].venue.id.clone();
    let closure = [("campaign", text(&campaign)), ("venue", text(&venue)), ("verb", text("shut_down"))];
    add(&phone, "closure", &closure);
    assert_eq!((targets(false).begun, targets(true).rows.len()), (1, done.added as usize - 1));
    let of_all = targets(false);
    let row = of_all.rows.iter().find(|target| target.venue.id == venue).unwrap();
    assert_eq!(row.row.as_ref().map(|row| row.ledger.as_str()), Some("closure"));
}

#[test]
fn an_edit_at_hq_replaces_what_was_drawn_and_nothing_that_came_meanwhile() {
    let city = City::new();
    let phone = city.phone(0);
    let case = hq_adds(
        &city,
        "case",
        &[
            ("channel", CellInput::Text("12345".into())),
            ("number", CellInput::Text("TY-1".into())),
            ("request", CellInput::Text("退款".into())),
        ],
    );
    let id = case.parse::<EntityId>().unwrap().0;
    city.sync(&phone);
    let before = city.service.ledger_row(&id).unwrap();
    let row = get(&phone, &case);
    set(&phone, &row, "status", text("signed")).unwrap();
    city.sync(&phone);
    let edit = |over: Vec<String>, status: &str| {
        let cell = HqCell { value: Some(CellInput::Text(status.into())), over };
        city.service.set_row(&supervisor(), &id, HqSet { cells: BTreeMap::from([("status".into(), cell)]) })
    };
    let stale = before.cells.get("status").map(|cell| cell.over.clone()).unwrap_or_default();
    assert!(edit(stale, "accepted").is_err(), "the console drew nothing there");
    let now = city.service.ledger_row(&id).unwrap();
    let done = edit(now.cells["status"].over.clone(), "accepted").unwrap();
    assert_eq!(done.cells["status"].value, Some(CellInput::Text("accepted".into())));
    let found =
        city.service.ledger("case", LedgerQuery { text: Some("TY-1".into()), ..LedgerQuery::default() });
    assert_eq!(found.unwrap().total, 1);
}

#[test]
fn health_stays_in_its_team_and_an_order_erases_it_everywhere() {
    let city = City::new();
    let (own, colleague, other) = (city.phone(0), city.phone(1), city.phone(2));
    let row = add(
        &own,
        "health",
        &[("slot", text("morning")), ("temperature", CellValue::Int(365)), ("whereabouts", text(SECRET))],
    );
    for phone in [&own, &colleague, &other] {
        city.sync(phone);
    }
    let found = |phone: &Phone| rows(phone, "health", false).len();
    assert_eq!((found(&own), found(&colleague), found(&other)), (1, 1, 0));
    let target = Target::Everything(row.id.parse().unwrap());
    city.service.erase(&supervisor(), &[target], "退出登记").unwrap();
    for phone in [&own, &colleague] {
        city.sync(phone);
        let row = get(phone, &row.id);
        assert!(row.cells["whereabouts"].erased && row.cells["whereabouts"].value.is_none());
        assert_eq!(value(&row, "slot"), Some(&text("morning")), "what is not personal stays");
    }
    assert!(
        city.service.ledger_row(&row.id.parse::<EntityId>().unwrap().0).unwrap().cells["whereabouts"].erased
    );
}

#[test]
fn a_phone_writes_no_campaign_and_no_half_row() {
    let city = City::new();
    let phone = city.phone(0);
    let refused = |ledger: &str, of: &[(&str, CellValue)]| {
        let new = NewRow { ledger: ledger.into(), under: None, cells: cells(of) };
        phone.engine.ledger_add(new).map_err(|error| error.code).map(|_| ())
    };
    assert_eq!(refused("campaign", &[("name", text("自拟"))]), Err(ErrorCode::BadRequest));
    assert_eq!(refused("closure", &[("verb", text("shut_down"))]), Err(ErrorCode::RowIncomplete));
    assert_eq!(refused("contact", &[("said", text("无主"))]), Err(ErrorCode::BadRequest));
    assert_eq!(refused("incident", &[("kind", text("nonsense"))]), Err(ErrorCode::BadRequest));
}
