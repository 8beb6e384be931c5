//! All tables and columns: name, type, and the Chinese label for people who open the files.

use arrow::datatypes::{DataType, Field, Fields, Schema, TimeUnit};
use std::collections::HashMap;
use std::sync::Arc;

/// Type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// Signed 64-bit integer. No column is unsigned: Spark and Hive before 3.2 cannot read unsigned Parquet columns.
    I64,
    /// Signed 32-bit integer.
    I32,
    /// Boolean.
    Bool,
    /// Date (Date32).
    Date,
    /// UTC timestamp in milliseconds.
    Time,
    /// List of texts.
    Texts,
    /// Map from text to text.
    Map,
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Name in the file.
    pub name: &'static str,
    /// Type of the values.
    pub kind: Kind,
    /// Whether values may be null.
    pub nullable: bool,
    /// Chinese label, stored as the field's metadata `label_zh`.
    pub label_zh: &'static str,
}

/// A table: its file name without ending, and its columns.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Name of the file in `tables/`, without `.parquet`.
    pub name: &'static str,
    /// Columns in order. In `coverage`, carried columns follow them.
    pub columns: &'static [Column],
}

/// Declares each table as a module with one constant per column.
macro_rules! table {
    ($(#[$meta:meta])* $module:ident $table:ident { $($column:ident $name:literal $kind:ident $($null:ident)? $label:literal;)+ }) => {
        $(#[$meta])*
        pub mod $module {
            use super::{Column, Kind, Table};
            $(
                #[doc = concat!($label, ".")]
                pub const $column: Column =
                    Column { name: $name, kind: Kind::$kind, nullable: table!(@null $($null)?), label_zh: $label };
            )+
            /// The table.
            pub const $table: Table = Table { name: stringify!($module), columns: &[$($column),+] };
        }
    };
    (@null) => { false };
    (@null null) => { true };
}

table! {
    /// One row per item and certificate.
    coverage COVERAGE {
        ITEM_ID "item_id" I64 "条目序号";
        CERTIFICATE_INDEX "certificate_index" I32 "条目内证照序号";
        SOURCE_FILE "source_file" Text "来源文件";
        SOURCE_SHEET "source_sheet" Text "来源工作表";
        SOURCE_ROW "source_row" I32 "来源行号";
        OCCURRENCES "occurrences" I32 "出现次数";
        HOLDER_CODE "holder_code" Text "持证主体代码";
        HOLDER_CODE_TYPE "holder_code_type" Text "持证主体代码类型";
        CERT_TYPE_CODE "cert_type_code" Text "证照类型代码";
        CERT_TYPE_NAME "cert_type_name" Text null "证照类型名称";
        CERTIFICATE_NUMBER "certificate_number" Text null "证照编号";
        STATUS "status" Text "归集状态";
        PROVINCE_EXISTS "province_exists" Bool null "省库存在";
        CITY_EXISTS "city_exists" Bool null "市库存在";
        PROVINCE_CERTIFICATE_ID "province_certificate_id" Text null "省库证照标识";
        CITY_CERTIFICATE_ID "city_certificate_id" Text null "市库证照标识";
        PROVINCE_LIFECYCLE "province_lifecycle" Text null "省库证照状态";
        CITY_LIFECYCLE "city_lifecycle" Text null "市库证照状态";
        COMPARISON "comparison" Text "比对结果";
        LIKELY_SAME_AS "likely_same_as" I32 null "疑似同一证照";
        DIFFERENCE_COUNT "difference_count" I32 "差异字段数";
        ERROR_KIND "error_kind" Text null "错误类别";
        ERROR_CODE "error_code" I32 null "错误代码";
        ERROR_MESSAGE "error_message" Text null "错误说明";
        CALLS "calls" I32 "调用次数";
        ATTEMPTS "attempts" I32 "请求次数";
        FINISHED_AT "finished_at" Time null "完成时间";
        CHANGE "change" Text null "较上期变化";
        GAP_SINCE "gap_since" Text null "缺口首见批次";
        GAP_RUNS "gap_runs" I32 "缺口连续批次数";
        HAD_GAP "had_gap" Bool "曾有缺口";
    }
}

table! {
    /// One row per certificate and side that returned a face.
    certificates CERTIFICATES {
        ITEM_ID "item_id" I64 "条目序号";
        CERTIFICATE_INDEX "certificate_index" I32 "条目内证照序号";
        SIDE "side" Text "数据来源";
        CERTIFICATE_ID "certificate_id" Text null "证照标识";
        CERTIFICATE_NUMBER "certificate_number" Text null "证照编号";
        CERTIFICATE_NAME "certificate_name" Text null "证照名称";
        CERT_TYPE_CODE "cert_type_code" Text null "证照类型代码";
        CERT_TYPE_NAME "cert_type_name" Text null "证照类型名称";
        HOLDER_NAME "holder_name" Text null "持证主体";
        HOLDER_CODE "holder_code" Text null "持证主体代码";
        HOLDER_CODE_TYPE "holder_code_type" Text null "持证主体代码类型";
        ISSUER_NAME "issuer_name" Text null "颁发机构";
        ISSUER_CODE "issuer_code" Text null "颁发机构代码";
        ISSUE_DATE "issue_date" Date null "颁发日期";
        VALID_FROM "valid_from" Date null "有效期起始日期";
        VALID_TO "valid_to" Date null "有效期截止日期";
        VALID_FOREVER "valid_forever" Bool null "长期有效";
        LIFECYCLE "lifecycle" Text null "证照状态";
        AREA_CODE "area_code" Text null "行政区划代码";
        LEGAL_REPRESENTATIVE "legal_representative" Text null "法定代表人";
        ADDRESS "address" Text null "地址";
        REMARK "remark" Text null "备注";
        IDENTIFIER_VALID "identifier_valid" Bool null "标识校验通过";
        OTHER "other" Map "其他字段";
        PROBLEMS "problems" Texts "未能识别的值";
    }
}

table! {
    /// One row per field in which two faces differ.
    differences DIFFERENCES {
        ITEM_ID "item_id" I64 "条目序号";
        CERTIFICATE_INDEX "certificate_index" I32 "条目内证照序号";
        FIELD "field" Text "字段";
        PROVINCE_VALUE "province_value" Text null "省库值";
        CITY_VALUE "city_value" Text null "市库值";
        KIND "kind" Text "差异类型";
        REASON "reason" Text "差异原因";
    }
}

table! {
    /// One row per failed call and per anomaly. A failed call that was repeated later no longer affects its item; its row is
    /// marked as history and precedes the other rows of the item.
    errors ERRORS {
        ITEM_ID "item_id" I64 null "条目序号";
        ENDPOINT "endpoint" Text null "接口";
        SIDE "side" Text null "数据来源";
        ERROR_KIND "error_kind" Text "错误类别";
        ERROR_CODE "error_code" I32 null "错误代码";
        ERROR_MESSAGE "error_message" Text null "错误说明";
        ATTEMPTS "attempts" I32 "请求次数";
        AT "at" Time null "时间";
        DETAIL "detail" Text null "详情";
        HISTORY "history" Bool null "已再次查询";
    }
}

table! {
    /// One row per input row that cannot be audited.
    invalid_inputs INVALID_INPUTS {
        SOURCE_FILE "source_file" Text "来源文件";
        SOURCE_SHEET "source_sheet" Text "来源工作表";
        SOURCE_ROW "source_row" I32 "来源行号";
        CELL "cell" Text null "单元格";
        COLUMN "column" Text "列";
        VALUE "value" Text "值";
        PROBLEM "problem" Text "问题";
        ADVICE "advice" Text "建议";
    }
}

table! {
    /// One row per input value that was changed before use.
    repairs REPAIRS {
        SOURCE_FILE "source_file" Text "来源文件";
        SOURCE_SHEET "source_sheet" Text "来源工作表";
        SOURCE_ROW "source_row" I32 "来源行号";
        CELL "cell" Text null "单元格";
        COLUMN "column" Text "列";
        BEFORE "before" Text "修正前";
        AFTER "after" Text "修正后";
        REPAIR "repair" Text "修正内容";
    }
}

table! {
    /// Field names on faces that are mapped to no column.
    unmapped_fields UNMAPPED_FIELDS {
        SIDE "side" Text "数据来源";
        CERT_TYPE_CODE "cert_type_code" Text "证照类型代码";
        FIELD "field" Text "字段";
        COUNT "count" I64 "次数";
        EXAMPLE "example" Text "示例（已脱敏）";
    }
}

table! {
    /// Manifest of the archive.
    files FILES {
        ITEM_ID "item_id" I64 "条目序号";
        CERTIFICATE_INDEX "certificate_index" I32 "条目内证照序号";
        SIDE "side" Text "数据来源";
        CERTIFICATE_ID "certificate_id" Text null "证照标识";
        PATH "path" Text null "归档路径";
        FORMAT "format" Text null "格式";
        BYTES "bytes" I64 null "字节数";
        SHA256 "sha256" Text null "SHA-256";
        STATUS "status" Text "归档状态";
        ERROR_MESSAGE "error_message" Text null "错误说明";
    }
}

table! {
    /// Decisions about certificates, made in this run or before it.
    decisions DECISIONS {
        ITEM_ID "item_id" I64 "条目序号";
        CERTIFICATE_INDEX "certificate_index" I32 "条目内证照序号";
        DECISION "decision" Text "处理决定";
        NOTE "note" Text null "处理说明";
        BY "by" Text null "办理人";
        SOURCE_FILE "source_file" Text "来源文件";
        SOURCE_ROW "source_row" I32 "来源行号";
        COLLECTED_AT "collected_at" Time "收取时间";
        SOURCE_SHEET "source_sheet" Text null "来源工作表";
        MATTER "matter" Text null "待处理事项";
        CARRIED_FROM "carried_from" Text null "沿用自批次";
    }
}

table! {
    /// Notifications of the province sent by this run.
    remedies REMEDIES {
        ITEM_ID "item_id" I64 "条目序号";
        CERTIFICATE_INDEX "certificate_index" I32 "条目内证照序号";
        ACTION "action" Text "处置事项";
        FILE_NUMBER "file_number" Text "市库文件标识";
        PROVINCE_CERTIFICATE_ID "province_certificate_id" Text null "省库证照标识";
        STATE "state" Text "处置结果";
        CODE "code" I32 null "返回码";
        MESSAGE "message" Text null "说明";
        SENT_AT "sent_at" Time "通知时间";
        VERIFIED_AT "verified_at" Time null "核实时间";
    }
}

table! {
    /// Coverage rows that an earlier run notified the province of and that are unchanged since.
    notified NOTIFIED {
        ITEM_ID "item_id" I64 "条目序号";
        CERTIFICATE_INDEX "certificate_index" I32 "条目内证照序号";
        ACTION "action" Text "处置事项";
        STATE "state" Text "当时的处置结果";
        SENT_AT "sent_at" Time "通知时间";
        DAYS_OPEN "days_open" I32 "通知后天数";
        OVERDUE "overdue" Bool "已逾期";
    }
}

impl Kind {
    pub(super) fn data_type(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::I64 => DataType::Int64,
            Self::I32 => DataType::Int32,
            Self::Bool => DataType::Boolean,
            Self::Date => DataType::Date32,
            Self::Time => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
            Self::Texts => DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))),
            Self::Map => {
                let entries =
                    Fields::from(vec![Field::new("keys", DataType::Utf8, false), Field::new("values", DataType::Utf8, true)]);
                DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries), false)), false)
            }
        }
    }
}

impl Column {
    fn field(&self) -> Field {
        let label = HashMap::from([("label_zh".to_owned(), self.label_zh.to_owned())]);
        Field::new(self.name, self.kind.data_type(), self.nullable).with_metadata(label)
    }
}

impl Table {
    /// Returns the Arrow schema, with one text column per carried header at the end.
    #[must_use]
    pub fn schema(&self, carried: &[String]) -> Schema {
        let carried = carried.iter().map(|header| {
            let label = HashMap::from([("label_zh".to_owned(), header.clone())]);
            Field::new(self.carried_name(header), DataType::Utf8, true).with_metadata(label)
        });
        Schema::new(self.columns.iter().map(Column::field).chain(carried).collect::<Vec<_>>())
    }

    /// Returns the name of a carried column: the header's text, with a suffix if it equals the name of one of our columns.
    #[must_use]
    pub fn carried_name(&self, header: &str) -> String {
        let taken = self.columns.iter().any(|column| column.name == header);
        if taken { format!("{header} (carried)") } else { header.to_owned() }
    }

    /// Returns the file name.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.parquet", self.name)
    }
}
