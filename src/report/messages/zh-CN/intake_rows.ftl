# Files and sheets of the inputs
file-problem = { $file }：{ $reason }
sheet-problem = { $file } [{ $sheet }]：{ $reason }
file-reader-gave-up = 文件内容已损坏，读到一半读不下去。请用 Excel 或 WPS 打开，确认行数齐全后另存为 xlsx；打不开的，请让对方重新发送。
no-sheets = 里面没有可读的工作表。
no-sheet-read = 没有一张工作表能读：{ $reasons }
sheet-reason = [{ $sheet }] { $reason }

# Looking for a header
sheet-empty = 工作表是空的。
header-row-blank = 任务文件指定表头在第 { $row } 行，但这一行是空的。请核对 header_row。
no-header = 没有认出表头：需要有证件号码（持证主体代码）列和证照类型代码（或证照名称）列。找到的列：{ $found }。请在任务文件的 columns 中写明各列的表头；没有证照类型列的，用 defaults 给出类型代码。
no-header-rows = 没有认出表头：看了前 { $rows } 个有内容的行，都不像表头。需要有证件号码（持证主体代码）列和证照类型代码（或证照名称）列；表头写法特殊的，请在任务文件的 columns 中写明。
columns-missing = 没有任务文件 columns 中写的列：{ $columns }。找到的列：{ $found }
columns-missing-rows = 没有任务文件 columns 中写的列：{ $columns }。看了前 { $rows } 个有内容的行，都不像表头。
rows-above-header = 表头上方有 { $count } 行标题或说明，没有作为数据读取。
header-by-content = 第 { $row } 行的表头没有全部认出，已按列里的内容确定：{ $columns }。请核对；要换一列，请在任务文件的 columns 中写明。
codes-above-header = 第 { $row } 行的表头上方有 { $count } 行填着身份证号或统一社会信用代码，已按无效行列出：{ $rows }。请核对：是数据的，把表头移到它们上方；是另一张表的，请改用常用的表头写法，或移到单独的工作表或文件。
further-header-unknown = 第 { $row } 行像是另一张表的表头，但没有全部认出，下面的行仍按第 { $header } 行的表头读取。请核对；列的含义不同的，请把这张表移到单独的工作表或文件。
further-header = 第 { $row } 行起是另一张表（表头不同），从这一行往下按新的表头读取，行数另行统计。
tables-side-by-side = 工作表里并排放了 { $count } 张表，都已读取。这是第 { $number } 张（{ $from } 列到 { $to } 列），行数单独统计。

# Choosing columns
column-named = “{ $header }”（{ $column } 列）
columns-unused = 有不止一列可能是{ $role }：采用了{ $chosen }，没有读取{ $others }。请核对；要换一列，请在任务文件的 columns 中写明。
columns-by-row = 有不止一列可能是{ $role }：以{ $chosen }为主，这一列没填、填得不对或与证照类型的持证主体不符时，取{ $others }中校验通过的代码，逐行记入修正记录。请核对；只要其中一列的，请在任务文件的 columns 中写明。
columns-named-by-job = 按任务文件的 columns，{ $role }采用{ $chosen }，没有读取{ $others }。
columns-likely = 只有{ $chosen }像是持证主体代码，但看表头可能是其他人的号码。请核对；确认无误的，请在任务文件的 columns 中写明 holder_code。

# Rows
row-list = 第 { $rows } 行
row-list-more = 第 { $rows } 行，另有 { $more } 行
rows-prefilled = { $count } 行只有序号或表格里预先填好的内容，没有证件号码，按空行计：{ $rows }
rows-repeated-header = { $count } 行是重复的表头，按空行计：{ $rows }
rows-total = { $count } 行是合计、小计，按空行计：{ $rows }
rows-title = { $count } 行是表头上方的标题，按空行计：{ $rows }
rows-legend = { $count } 行是填写说明、列号或字段名，不是数据，按空行计：{ $rows }
rows-remark = { $count } 行是分段标题、页码、签章或备注，不是数据，按空行计：{ $rows }
rows-type-alone = { $count } 行只有证照类型等预先填好的内容，没有证件号码，上下却有填了号码的行，已按空行计：{ $rows }。请核对是否漏填了号码。
codes-without-header = { $count } 行在没有表头的列（{ $columns }）里有身份证号或统一社会信用代码，没有读取：{ $rows }。请给这些列补上表头；如果是另一张表，请移到单独的工作表或文件。
merged-empty-rows = 合并单元格盖住了 { $count } 个没有其他内容的行，这些行没有作为数据读取。
merged-own-values = 有的行在合并单元格下面还藏着不同的值，读取的是各行自己的值：{ $rows }。请取消合并后核对。
carried-uncalculated = 附带列里有公式没有计算结果（或只有 0、空值），按未填处理：{ $rows }。请用 Excel 或 WPS 打开，等公式算完后保存，再重新读取。

# What to do about a row that cannot be audited
advice-missing_holder_code = 补填持证主体代码（公民身份号码或统一社会信用代码）。
advice-missing_type_code = 补填 21 位证照类型代码，或在任务文件的 defaults 中指定。
advice-precision_lost = 该代码被存为数字，第 16 位起已丢失，不可恢复。请将该列设为文本格式后，从源系统重新导出。
advice-bad_length = 核对位数：公民身份号码和统一社会信用代码均为 18 位。
advice-bad_character = 代码中含有不应出现的字符，请核对原件。
advice-bad_check_character = 校验位不符，至少有一位录错，请核对原件。
advice-bad_birth_date = 第 7 至 14 位不是有效的出生日期，请核对原件。
advice-unknown_holder_code_type = 无法判断代码类型：请增加“持证主体代码类型”列，填写类型代码（如 111、001、414）或其名称。
advice-code_type_mismatch = 代码与所填的代码类型不符，请核对两列。
advice-bad_type_code = 证照类型代码应为 21 位：18 位信用代码（含校验位）加 3 位数字，请对照证照类型目录核对。
advice-ambiguous_type_name = 该证照名称对应多个类型代码，请增加证照类型代码列。
advice-unknown_type_name = 证照类型目录中没有这个名称，请填写 21 位证照类型代码，或按目录改正名称。
advice-unreadable_cell = 单元格是公式错误，请改正公式或填写实际的值。
advice-unreadable_row = 这一行读不出来，请在源文件中找到它，改正后重新导出。
advice-uncalculated = 单元格是公式，文件里没有它的计算结果（或只有生成文件的程序留下的 0、空值）。请用 Excel 或 WPS 打开文件，等公式算完后保存，再重新提交；算完后仍是 0 或空的，请填写实际的值，没有的请清空单元格。
advice-formula-text = 单元格里是公式的文字，不是公式的结果。请用 Excel 或 WPS 打开文件，把单元格改为常规格式后重新输入公式，等算完后保存；或直接填写实际的值。
advice-not-a-code = 单元格是日期或逻辑值，不是代码：请将该列设为文本格式，重新填写原来的代码。
advice-bad-character-named = 第 { $place } 个字符（{ $character }）不应出现在代码中。它可能看不见，或与正确的字符长得一样：请删去后按原件重新录入。
advice-bad-type-code-character = 证照类型代码中混入了不应出现的字符：{ $where }
advice-old-number = 这是 15 位旧号码，平台只接受 18 位公民身份号码，请向持证人核实后填写 18 位号码。
advice-mistyped-or-credit-code = 看似录错的公民身份号码，请核对原件；若确为统一社会信用代码，请增加“持证主体代码类型”列并填写 001。
advice-unknown-holder-type-word = 认不出所填的代码类型，号码本身也校验不出是哪一种。请填写居民身份证、护照、营业执照等常用名称，或平台的类型代码及名称：{ $accepted }。本地常用的其他叫法，可在任务文件的 [catalogue.holder_types] 中写明对应的代码。
advice-choose-type-code = 该证照名称对应多个类型代码，请增加证照类型代码列，从中选填：{ $types }
code-and-names = { $code }（{ $names }）
advice-too-many-fields = 这一行有 { $fields } 个字段，表头只有 { $columns } 个，各列可能错位：多半是内容里有分隔符而没有加引号。请在源文件中改正这一行。
advice-row-above-header = 这一行在表头（第 { $row } 行）上方，无法判断各列的含义，没有查询。请把表头移到这一行上方；属于另一张表的，请改用常用的表头写法，或移到单独的工作表或文件。

# The order of rows in a workbook
workbook-rows-sorted = 文件里各行的存放顺序与行号不一致，已按行号重新排好后读取。
workbook-rows-out-of-order = 文件里各行的存放顺序与行号不一致（读到第 { $row } 行时发现），行数又太多，无法重新排好。请用 Excel 或 WPS 打开后另存为 xlsx，再重新提交。
