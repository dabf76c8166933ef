//! Visits as officers make them: the order of the taps, the delays between them, the mix of answers.

use xuncha_domain::cbor::Value;
use xuncha_domain::checklist::{Answer, AnswerKind, Checklist, ChecklistItem};
use xuncha_domain::ids::{DeviceId, EntityId, OfficerId};
use xuncha_domain::log::body::{Entity, Op, OpValue};
use xuncha_domain::log::commit::Stamp;
use xuncha_domain::log::detached::Detached;
use xuncha_domain::model::fact::{Position, Reading};
use xuncha_domain::model::seal::{self, Basis, BasisOp, Seal};
use xuncha_domain::model::words::{Sequence, Site};
use xuncha_domain::model::{answer, field, visit};
use xuncha_domain::time::ClockOffset;

use super::phone::{MORNING_MS, Phone};
use super::rng::{Rng, Seeded};

/// What a visit is made of.
pub struct Plan<'a> {
    pub checklist: &'static Checklist,
    pub answers: usize,
    pub readings: usize,
    /// Of 100 answers, those with a note.
    pub notes_percent: u64,
    pub note: &'a dyn Fn(&mut Rng) -> String,
    /// Names the brigade: its 500 venues and 200 officers.
    pub brigade: u64,
}

/// The ops of one commit while the visit is made.
struct Taps {
    ops: Vec<(Op, i64)>,
    personal: Vec<Value>,
    now_ms: i64,
}

impl Taps {
    fn tap(&mut self, entity: &Entity, field: impl Into<String>, value: Value) {
        self.push(entity, field.into(), OpValue::Plain(value));
    }
    fn personal(&mut self, entity: &Entity, field: &str, value: Value) {
        self.push(entity, field.into(), OpValue::Detached(self.personal.len()));
        self.personal.push(value);
    }
    fn push(&mut self, entity: &Entity, field: String, value: OpValue) {
        let op = Op { entity: entity.clone(), field, value, before_s: 0, over: Vec::new() };
        self.ops.push((op, self.now_ms));
    }
    /// Two seconds to 42.
    fn wait(&mut self, rng: &mut Rng) {
        self.now_ms += 2_000 + rng.below(40_000).cast_signed();
    }
}

/// The `n`-th visit of a phone: six a day, 70 minutes apart. Writes one commit.
pub fn make(phone: &mut Phone, n: i64, plan: &Plan<'_>, rng: &mut Rng) -> EntityId {
    let started_ms = MORNING_MS + n / 6 * 86_400_000 + n % 6 * 4_200_000 + rng.below(600_000).cast_signed();
    let visit_id = EntityId::v7(started_ms, &Seeded::new(rng.next()));
    let visit = visit::visit(visit_id);
    let presence = visit::presence(&visit, phone.device);
    let mut taps = Taps { ops: Vec::new(), personal: Vec::new(), now_ms: started_ms };
    taps.tap(&visit, field::VENUE, Value::bytes(id(plan.brigade, rng.below(500))));
    taps.tap(&visit, field::VISIT_KIND, Value::Int(1));
    taps.tap(&visit, field::MODE, Value::Int(1));
    taps.tap(&visit, field::LEAD, Value::Int(2));
    taps.tap(&visit, field::CHECKLIST, Value::bytes(plan.checklist.hash));
    taps.tap(&visit, field::member(phone.officer), Value::Bool(true));
    taps.tap(&visit, field::member(OfficerId(id(plan.brigade, 1_000 + rng.below(200)))), Value::Bool(true));
    taps.tap(&presence, field::START, Value::Int(started_ms));
    let place = Position {
        lat_e7: 378_000_000 + i32::try_from(rng.below(3_000_000)).unwrap(),
        lon_e7: 1_124_000_000 + i32::try_from(rng.below(3_000_000)).unwrap(),
        accuracy_m: 5 + u32::try_from(rng.below(30)).unwrap(),
    };
    taps.tap(&presence, field::POSITION, place.to_value());
    for item in plan.checklist.items().take(plan.answers) {
        taps.wait(rng);
        let answer = answered(item, rng);
        if answer::detached(&answer) {
            taps.personal(&visit, &field::answer(&item.id), answer::to_value(&answer));
        } else {
            taps.tap(&visit, field::answer(&item.id), answer::to_value(&answer));
        }
        if rng.below(100) < plan.notes_percent {
            let note = visit::note(&visit, Some(&item.id), phone.officer);
            taps.personal(&note, field::TEXT, Value::text((plan.note)(rng)));
        }
    }
    for _ in 0..plan.readings {
        taps.wait(rng);
        let reading = Reading {
            temperature_dc: 355 + i32::try_from(rng.below(18)).unwrap(),
            site: Site::Forehead,
            sequence: Sequence::First,
            indoor: true,
            ambient_dc: None,
            subject: None,
        };
        taps.tap(&visit::reading(&visit, rng.bytes()), field::FACT, reading.to_value());
    }
    taps.now_ms += 30_000;
    let ended_ms = taps.now_ms;
    taps.tap(&presence, field::END, Value::Int(ended_ms));
    let stamp = stamp(phone, ended_ms, rng);
    let op = |(op, at_ms): (Op, i64)| Op { before_s: (ended_ms - at_ms) / 1_000, ..op };
    let ops: Vec<Op> = taps.ops.into_iter().map(op).collect();
    phone.write_stamped(&stamp, &ops, Detached::new(rng.bytes(), taps.personal));
    visit_id
}

/// Seals the visit of the phone's last commit, in a commit of its own.
pub fn seal(phone: &mut Phone, id: EntityId, checklist: &Checklist) {
    let last = phone.commits.last().unwrap().clone();
    let stored = last.stored();
    let ops: Vec<BasisOp<'_>> = last
        .ops()
        .iter()
        .zip(&stored)
        .map(|(op, value)| BasisOp {
            commit: last.hash.short(),
            entity: &op.entity,
            field: &op.field,
            over: &[],
            value,
        })
        .collect();
    let seal = Seal {
        hash: seal::hash(seal::recompute(id, &ops)),
        checklist: Some(checklist.hash),
        photos: 0,
        basis: vec![Basis::Own(last.header.seq)],
    };
    let visit = visit::visit(id);
    let op = Op {
        entity: visit::presence(&visit, phone.device),
        field: field::SEAL.into(),
        value: OpValue::Plain(seal.to_value()),
        before_s: 0,
        over: Vec::new(),
    };
    phone.write_stamped(&last.stamp(), &[op], Detached::none());
}

/// HQ was in reach at the start of each day; the clock drifts.
fn stamp(phone: &Phone, now_ms: i64, rng: &mut Rng) -> Stamp {
    let day = (now_ms - MORNING_MS).max(0) / 86_400_000;
    Stamp {
        officer: phone.officer,
        device_ms: now_ms + rng.below(1_000).cast_signed(),
        clock: Some(ClockOffset { offset_ms: 1_700 + day * 37, error_ms: 80 + day % 5 }),
        // Restarted every third day.
        boot: Rng::new(u64::from(phone.device.0[0]) << 32 | u64::try_from(day / 3).unwrap()).bytes(),
        monotonic_ms: now_ms - MORNING_MS + 7_654_321 + rng.below(40).cast_signed(),
        feed_position: 4_000 + u64::try_from(day).unwrap() * 311,
    }
}

/// The `n`-th id of a brigade.
fn id(brigade: u64, n: u64) -> [u8; 16] {
    Rng::new(brigade * 1_000_000 + n).bytes()
}

/// A phone whose ids compress as badly as real ones.
pub fn phone(rng: &mut Rng) -> Phone {
    let mut phone = Phone::new(1);
    (phone.officer, phone.device) = (OfficerId(rng.bytes()), DeviceId(rng.bytes()));
    phone
}

/// 80 in 100 are compliant.
fn answered(item: &ChecklistItem, rng: &mut Rng) -> Answer {
    let n = rng.below(100);
    match item.answer {
        _ if n >= 92 && item.may_be_na => Answer::Na,
        AnswerKind::YesNo | AnswerKind::YesNoNa if n < 80 => Answer::Yes,
        AnswerKind::YesNo | AnswerKind::YesNoNa => Answer::No,
        AnswerKind::Number => Answer::Number(rng.below(200).cast_signed()),
        AnswerKind::Percent => Answer::Percent(rng.below(101).cast_signed()),
        AnswerKind::Temperature => Answer::Temperature(355 + rng.below(18).cast_signed()),
        AnswerKind::Choice => {
            Answer::Choice(item.choices.first().map(|c| c.code.clone()).unwrap_or_default())
        }
        AnswerKind::Text => Answer::Text(item.zh.chars().take(8).collect()),
    }
}

const WORDS: [&str; 40] = [
    "clean", "grease", "floor", "left", "sink", "door", "seal", "worn", "label", "missing", "date", "old",
    "staff", "told", "fix", "by", "friday", "gloves", "not", "used", "raw", "above", "cooked", "shelf",
    "mould", "near", "drain", "light", "cover", "broken", "bin", "full", "soap", "empty", "water", "cold",
    "probe", "dirty", "board", "cut",
];

/// Twenty ASCII letters.
pub fn english_note(rng: &mut Rng) -> String {
    let mut note = String::new();
    while note.len() < 20 {
        if !note.is_empty() {
            note.push(' ');
        }
        note.push_str(rng.pick(&WORDS));
    }
    note.truncate(20);
    note
}

const PHRASES: [&str; 24] = [
    "大门已锁",
    "门口贴有",
    "通告一张",
    "老板电话",
    "无人接听",
    "后门敞开",
    "有人上网",
    "三台开机",
    "已当场",
    "责令关停",
    "消毒记录",
    "缺昨日的",
    "灭火器",
    "压力不足",
    "安全出口",
    "堆放杂物",
    "登记本",
    "没有填写",
    "店员",
    "未戴口罩",
    "已拍照",
    "下午复查",
    "值班人员",
    "答应整改",
];

/// Twenty Chinese characters.
pub fn chinese_note(rng: &mut Rng) -> String {
    let mut note = String::new();
    while note.chars().count() < 20 {
        note.push_str(rng.pick(&PHRASES));
    }
    note.chars().take(20).collect()
}

/// A piece of an item's own text: what the dictionary may learn of notes without having seen those of the measurement.
pub fn checklist_note(checklist: &'static Checklist) -> impl Fn(&mut Rng) -> String {
    let texts: Vec<&str> = checklist.items().map(|item| item.zh.as_str()).collect();
    move |rng| {
        let text: Vec<char> = rng.pick(&texts).chars().collect();
        let from = usize::try_from(rng.below(text.len() as u64)).unwrap();
        text.into_iter().skip(from).take(20).collect()
    }
}
