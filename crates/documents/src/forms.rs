//! What stands in each document, edition 1. The fields and which of them are required follow the brigade's list of
//! documents (文化市场综合行政执法文书格式); labels never change once released, because signed papers are made again from
//! them.

/// Where a text comes from before anybody types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// What the visit says; a person may complete it.
    Visit,
    /// Standing words that a person confirms or changes.
    Standing(&'static str),
    /// Only a person knows.
    Typed,
}

/// One field of a form.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Names it in data and calls.
    pub key: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    pub required: bool,
    /// Needs more than one line.
    pub long: bool,
    /// Lines that it needs when it is required: two officers are two lines.
    pub lines: usize,
    pub source: Source,
}

/// A document that can be made on site.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    pub code: &'static str,
    pub fields: &'static [Field],
    /// It lists what was found, and the photos.
    pub findings: bool,
    pub photos: bool,
    /// How its party is called where the party signs.
    pub party_zh: &'static str,
    /// What the party's signature says.
    pub signed_zh: &'static str,
}

const fn field(key: &'static str, zh: &'static str, en: &'static str) -> Field {
    Field { key, zh, en, required: true, long: false, lines: 1, source: Source::Typed }
}

impl Field {
    const fn visit(self) -> Self {
        Self { source: Source::Visit, ..self }
    }
    const fn standing(self, words: &'static str) -> Self {
        Self { source: Source::Standing(words), ..self }
    }
    const fn long(self) -> Self {
        Self { long: true, ..self }
    }
    const fn optional(self) -> Self {
        Self { required: false, ..self }
    }
}

const PARTY: Field = field("party", "当事人", "Party").visit();
const LICENCE: Field = field("licence", "证照号", "Licence number").visit();
const PLACE: Field = field("place", "地点", "Place").visit();
/// At least two (行政处罚法 article 42), one a line.
const OFFICERS: Field = Field {
    lines: 2,
    ..field("officers", "执法人员及执法证号", "Officers and certificate numbers").visit().long()
};
const CONTACT: Field = field("contact", "联系人及电话", "Contact and telephone");

const READ: &str = "以上内容已阅看，与事实相符。";
const RECEIVED: &str = "本文书已收到。";

static FORMS: &[Form] = &[
    Form {
        code: "D03",
        fields: &[
            field("matter", "案由或检查事由", "Reason for the inspection").visit(),
            field("time", "开始与结束时间", "Beginning and end").visit().long(),
            PLACE,
            Field { zh: "被检查人名称", en: "Inspected party", ..PARTY },
            LICENCE,
            field("legal_rep", "法定代表人或负责人", "Legal representative"),
            field("site_person", "现场负责人姓名、职务、电话", "Person in charge on site: name, post, telephone"),
            OFFICERS,
            field("shown_id", "出示证件情况", "Certificates shown")
                .standing("执法人员已向被检查人出示执法证件。")
                .long(),
            field("rights", "告知权利", "Rights told")
                .standing("已告知被检查人依法享有陈述、申辩和申请回避的权利，并有如实回答、协助检查的义务。")
                .long(),
            field("avoidance", "是否申请回避", "Whether recusal is asked for"),
            field("scene", "现场情况", "What was found on site").visit().long(),
            field("statement", "当事人陈述", "Statement of the party").long(),
            field("recorder", "记录人", "Recorder").visit(),
            field("changes", "更正处说明", "Corrections made on the paper").optional(),
        ],
        findings: true,
        photos: true,
        party_zh: "当事人或现场负责人",
        signed_zh: READ,
    },
    Form {
        code: "D04",
        fields: &[
            PARTY,
            Field { required: false, ..LICENCE },
            field("facts", "违法事实", "Facts of the violation").visit().long(),
            field("provisions", "违反条款", "Provisions violated").visit().long(),
            field("demand", "改正要求", "What is to be corrected").long(),
            field("deadline", "改正期限（立即或至某日）", "Deadline: at once, or a day").visit(),
            field("consequence", "逾期后果", "Consequence of missing the deadline")
                .standing("逾期不改正或者改正不符合要求的，将依法予以处理。")
                .long(),
            field("remedy", "救济途径", "Remedies")
                .standing("如不服本通知，可以在收到本通知书之日起六十日内依法申请行政复议，或者在六个月内依法提起行政诉讼。")
                .long(),
            CONTACT,
            OFFICERS,
        ],
        findings: false,
        photos: false,
        party_zh: "当事人签收",
        signed_zh: RECEIVED,
    },
    Form {
        code: "D27",
        fields: &[
            PARTY,
            PLACE,
            field("time", "复查时间", "Time of the recheck").visit().long(),
            field("order_no", "原责令改正文书编号", "Number of the order"),
            field("demand", "原改正要求", "What was to be corrected").long(),
            field("result", "整改情况", "What came of it").long(),
            field("opinion", "复查意见", "Conclusion").long(),
            OFFICERS,
        ],
        findings: true,
        photos: true,
        party_zh: "当事人或现场负责人",
        signed_zh: READ,
    },
    Form {
        code: "D18",
        fields: &[
            field("documents", "文书名称及编号", "Documents and their numbers").visit().long(),
            Field { key: "party", zh: "受送达人", en: "Recipient", ..PARTY },
            field("method", "送达方式", "Way of service").standing("直接送达"),
            field("time_place", "送达时间和地点", "Time and place of service").visit().long(),
            field("refusal", "拒收情况", "Refusal, if any").optional().long(),
            Field { zh: "送达人及执法证号", en: "Served by, with certificate numbers", ..OFFICERS },
        ],
        findings: false,
        photos: false,
        party_zh: "受送达人",
        signed_zh: RECEIVED,
    },
    Form {
        code: "D07",
        fields: &[
            PARTY,
            field("suspected", "涉嫌行为", "Suspected conduct").long(),
            field("items", "物品清单（名称、规格、数量、状态）", "Items: name, model, number, state").long(),
            field("keeping", "保存方式与地点", "How and where they are kept").long(),
            field("term", "保存期限", "Term").standing("自本通知书送达之日起七日内"),
            field("notice", "告知事项", "Notice")
                .standing("在此期间，当事人或者有关人员不得销毁或者转移证据。")
                .long(),
            field("approver", "批准人", "Approved by"),
            OFFICERS,
        ],
        findings: false,
        photos: true,
        party_zh: "当事人",
        signed_zh: RECEIVED,
    },
];

/// Every document that can be made on site, in the order of a list.
pub fn all() -> &'static [Form] {
    FORMS
}

/// The form of a code.
pub fn by_code(code: &str) -> Option<&'static Form> {
    FORMS.iter().find(|form| form.code == code)
}

impl Field {
    /// Whether it is required and `text` does not do.
    pub fn lacks(&self, text: &str) -> bool {
        let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
        self.required && lines < self.lines
    }
}

impl Form {
    pub fn field(&self, key: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.key == key)
    }
}
