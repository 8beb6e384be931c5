//! Names of persons in the sandbox, all of them invented.

use super::dice::Dice;

const SURNAMES: [&str; 20] =
    ["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马", "罗"];
const GIVEN: [&str; 24] = [
    "伟", "芳", "娜", "敏", "静", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超", "秀兰", "霞", "平", "刚",
    "桂英", "文", "建华", "志强",
];
const PLACES: [&str; 6] = ["市中区", "薛城区", "峄城区", "台儿庄区", "山亭区", "滕州市"];
const TRADES: [&str; 12] = ["建设", "医药", "食品", "机械", "能源", "科技", "教育", "物流", "环保", "置业", "农业", "检测"];
const BRANDS: [&str; 12] = ["鲁南", "运河", "微山", "墨子", "奚仲", "抱犊", "古薛", "榴园", "台庄", "龙阳", "荆河", "翼云"];

pub(super) const ISSUERS: [(&str, &str); 8] = [
    ("枣庄市行政审批服务局", "11370400MB2857833A"),
    ("枣庄市住房和城乡建设局", "113704000042365553"),
    ("枣庄市卫生健康委员会", "11370400MB28576229"),
    ("枣庄市自然资源和规划局", "11370400MB28578501"),
    ("枣庄市市场监督管理局", "11370400MB2857657N"),
    ("枣庄市民政局", "113704000042361048"),
    ("枣庄市应急管理局", "11370400MB2857681W"),
    ("枣庄市公安局", "11370400004236243K"),
];

pub(super) fn person(dice: &mut Dice) -> String {
    format!("{}{}", dice.pick(&SURNAMES), dice.pick(&GIVEN))
}

/// Names that libraries write differently, because they contain a middle dot or a character that GBK lacks.
const RARELY_WRITTEN: [&str; 6] = ["艾力·买买提", "阿依古丽·吐尔逊", "次仁·多吉", "王䶮", "李㧐", "赵䓖"];

/// Returns a name of [`RARELY_WRITTEN`] with a probability of one in twenty.
pub(super) fn rarely_written(dice: &mut Dice) -> Option<String> {
    dice.happens(0.05).then(|| dice.pick(&RARELY_WRITTEN).to_owned())
}

pub(super) fn company(dice: &mut Dice) -> String {
    let (brand, trade) = (dice.pick(&BRANDS), dice.pick(&TRADES));
    if dice.happens(0.4) {
        format!("山东{brand}{trade}（枣庄）有限公司")
    } else {
        format!("枣庄{brand}{trade}有限责任公司")
    }
}

pub(super) fn address(dice: &mut Dice) -> String {
    format!("山东省枣庄市{}解放路{}号", dice.pick(&PLACES), 1 + dice.below(400))
}
