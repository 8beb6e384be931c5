//! The words of reports, in Chinese: names that tables use to what an analyst calls them.

use crate::audit::Status;
use crate::table::schema;

/// A status, as the analyst calls it.
pub(super) const fn status(status: Status) -> &'static str {
    match status {
        Status::Both => "省市均有",
        Status::ProvinceOnly => "省有市无",
        Status::CityOnly => "市有省无",
        Status::Neither => "省市均无",
        Status::Error => "查询失败",
        Status::Pending => "尚未查询",
    }
}

/// A state of a certificate.
pub(super) fn lifecycle(name: &str) -> &str {
    match name {
        "valid" => "有效",
        "revoked" => "已废止或注销",
        "expired" => "已过期",
        "restricted" => "受限使用",
        other => other,
    }
}

/// A side.
pub(super) fn side(name: &str) -> &str {
    match name {
        "province" => "省库",
        "city" => "市库",
        other => other,
    }
}

/// A field of a face: the label of the column that holds it.
pub(super) fn field(name: &str) -> &str {
    schema::certificates::CERTIFICATES.columns.iter().find(|column| column.name == name).map_or(name, |column| column.label_zh)
}

/// A kind of difference.
pub(super) fn difference(name: &str) -> &str {
    match name {
        "differs" => "两侧不一致",
        "missing_in_province" => "省库为空",
        "missing_in_city" => "市库为空",
        other => other,
    }
}

/// Why two values differ: a word and perhaps what it is about, as tables have it.
pub(super) fn reason(text: &str) -> String {
    let (word, about) = text.split_once(':').unwrap_or((text, ""));
    match word {
        "empty" => "一侧为空".to_owned(),
        "days_apart" => match about.strip_prefix('-') {
            Some(days) => format!("市库早 {days} 天"),
            None => format!("市库晚 {about} 天"),
        },
        "only_one_forever" => "一侧为长期有效".to_owned(),
        "unreadable_date" => "日期无法识别".to_owned(),
        "longer_in_city" => format!("市库多出“{about}”"),
        "longer_in_province" => format!("省库多出“{about}”"),
        "character" => format!("第 {about} 个字符不同"),
        "different" => "内容不同".to_owned(),
        "state" => "证照状态不同".to_owned(),
        other => other.to_owned(),
    }
}

/// A kind of error, and what to do about it.
pub(super) fn error(name: &str) -> (&str, &'static str) {
    match name {
        "timeout" => ("超时", "平台未在规定时间内答复，稍后用 --retry-failed 重试。"),
        "transport" => ("网络中断", "检查到平台的网络，再用 --retry-failed 重试。"),
        "http" => ("HTTP 错误", "平台返回了错误的 HTTP 状态，稍后重试；持续出现时联系平台。"),
        "malformed" => ("答复无法解析", "平台的答复不符合规范，请把错误说明转给平台。"),
        "auth" => ("身份验证不通过", "检查用户名、密码及接口权限。"),
        "request" => ("请求被拒绝", "检查任务文件的 [purpose] 及持证主体代码类型。"),
        "unsupported" => ("证照源未提供接口", "该证照类型的来源不支持此接口，请与平台确认。"),
        "type_unpublished" => ("证照类型未发布", "该证照类型在平台不存在或未发布，请与平台确认类型代码。"),
        "identifier_check" => ("证照标识校验不符", "证照标识的校验位算不出来，请发证部门核对标识。"),
        "type_mismatch" => ("证照类型不符", "返回的证照属于另一类型，请平台核对数据。"),
        "holder_mismatch" => ("持证主体不符", "返回的证照属于另一持证主体，请平台核对数据。"),
        "state_disagreement" => ("两接口结果矛盾", "状态接口与该侧查询结果不一致，请平台核对数据。"),
        "platform" => ("平台异常", "平台报告异常，稍后用 --retry-failed 重试；持续出现时联系平台。"),
        other => (other, ""),
    }
}

/// What a column of an input holds.
pub(super) fn role(name: &str) -> &str {
    match name {
        "holder_code" => "持证主体代码",
        "holder_code_type" => "代码类型",
        "cert_type_code" => "证照类型代码",
        "cert_type_name" => "证照名称",
        "certificate_number" => "证照编号",
        other => other,
    }
}

/// What is wrong with an input row.
pub(super) fn input_problem(name: &str) -> &str {
    match name {
        "missing_holder_code" => "缺持证主体代码",
        "missing_type_code" => "缺证照类型代码",
        "precision_lost" => "数字精度丢失",
        "bad_length" => "位数不符",
        "bad_character" => "含无效字符",
        "bad_check_character" => "校验位不符",
        "bad_birth_date" => "出生日期无效",
        "unknown_holder_code_type" => "代码类型无法判断",
        "code_type_mismatch" => "代码与类型不符",
        "bad_type_code" => "证照类型代码无效",
        "ambiguous_type_name" => "证照名称对应多个代码",
        "unknown_type_name" => "目录中没有该证照名称",
        "unreadable_cell" => "单元格无法读取",
        other => other,
    }
}

/// What was done to an input value: names joined by commas.
pub(super) fn repair(names: &str) -> String {
    let word = |name| match name {
        "invisible" => "去除不可见字符",
        "space" => "去除首尾空格",
        "apostrophe" => "去除前导撇号",
        "width" => "全角转半角",
        "separator" => "去除分隔符",
        "letter_case" => "字母转大写",
        "carried_value_of_first_row" => "重复条目的附带列不一致，以首行为准",
        "taken_as_citizen_number" => "两种代码均可，按公民身份号码处理",
        other => other,
    };
    names.split(',').map(word).collect::<Vec<_>>().join("、")
}

/// The glossary of the sheet 说明.
pub(super) const GLOSSARY: [(&str, &str); 15] = [
    ("条目", "一次核查的对象：持证主体代码 + 证照类型代码（输入给出证照编号时再加证照编号）。"),
    ("证照", "至少一侧证照库持有的一件电子证照；一个条目可以有多件。两侧均无证照的条目占一行。"),
    ("省市均有", "省库、市库都有这件证照。"),
    ("市有省无", "只有市库有：未归集到省，跨地区无法使用。"),
    ("省有市无", "只有省库有。"),
    ("省市均无", "两侧都没有。"),
    ("查询失败", "调用失败，情况未知。未知不是缺口：不计入任何归集率、覆盖率的分子或分母。"),
    ("归集率", "省市均有 ÷（省市均有 + 市有省无）。"),
    ("省库覆盖率", "（省市均有 + 省有市无）÷ 已答复行数；已答复行数 = 总行数 − 查询失败 − 尚未查询。"),
    ("市库覆盖率", "（省市均有 + 市有省无）÷ 已答复行数。"),
    ("查询失败率", "查询失败 ÷ 总行数。"),
    ("不一致", "两侧照面信息在内容上不同，或证照状态不同。日期写法、全半角、空格、括号、校验位大小写及脱敏位不算差异。"),
    ("证照状态", "有效；已废止或注销（21）；已过期（22）；受限使用（23）。"),
    ("持证主体代码类型", "111 公民身份号码；001 统一社会信用代码；其余见平台规范附录。"),
    ("备注", "缺口清单的备注列供分析人员填写。"),
];
