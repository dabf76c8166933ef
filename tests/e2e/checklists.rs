//! HQ publishes a checklist while a visit is under way: the visit keeps its own until its officer moves it.

use xuncha_tests::edition_file;
use xuncha_tests::stage::{Hq, Phone};

use crate::desk::Desk;
use crate::officer::Officer;

#[test]
fn a_visit_under_way_is_moved_to_a_new_checklist_by_its_officer_alone() {
    let hq = Hq::with_demo_city();
    let desk = Desk::set_up(&hq);
    let phone = Phone::new();
    let shown = phone.in_browser();
    let (page, officer) = (&shown.page, Officer(&shown.page));
    officer.comes_to_a_visit(&desk);
    for answer in ["item-CMN-R-01-yes", "item-CMN-R-02-no", "item-CMN-R-04-yes"] {
        page.part(answer).click();
        page.css(&format!("[data-testid='{answer}'][aria-pressed='true']")).appears();
    }

    hq.publishes(&edition_file(&[
        ("许可证或备案证明在有效期内，且悬挂在显著位置", "许可证在有效期内，悬挂在入口处"),
        ("    zh: 营业执照与许可证的名称、地址、法定代表人一致\n", "    zh: 从业人员持健康证明上岗\n"),
        ("id: CMN-R-02", "id: CMN-R-99"),
        (
            "id: CMN-R-04\n    severity: major\n    group: licence\n    answer: yes_no\n",
            "id: CMN-R-04\n    severity: major\n    group: licence\n    answer: text\n",
        ),
    ]));
    page.part("back").click();
    page.part("venue-search").appears();
    page.part("back").click();
    officer.syncs_now_from_today();
    page.part("visit-card").click();
    page.part("checklist-superseded").says("仍用开始时的版本");
    page.part("item-CMN-R-02-no").appears();
    page.shot("checklists-1-superseded");
    page.part("checklist-look").click();
    page.part("checklist-added-CMN-R-99").says("健康证明");
    page.part("checklist-changed-CMN-R-01").says("原为：许可证或备案证明");
    page.part("checklist-changed-CMN-R-04").says("需重新作答");
    page.part("checklist-gone-CMN-R-02").says("留在记录中");
    officer.stands_still();
    page.shot("checklists-2-change");
    page.part("checklist-move").click();
    page.part("checklist-superseded").disappears();
    page.part("item-CMN-R-99-no").click();
    page.css("[data-testid='item-CMN-R-01-yes'][aria-pressed='true']").appears();
    page.part("item-CMN-R-02-no").disappears();
    page.shot("checklists-3-moved");
}
