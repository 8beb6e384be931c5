# Whole files
workbook-unreadable = 文件读不出来（{ $error }）。请检查文件是否被占用、是否有读取权限。
workbook-empty-file = 文件是空的（0 字节）。请重新导出或重新发送。
workbook-zeros = 文件内容全是零，没有任何数据，多半是下载或拷贝时中断。请重新下载或重新发送。
workbook-unknown = 认不出这个文件的内容，不能当作表格读取。如果本单位装有文档加密（防泄密）软件，文件可能仍处于加密状态：请在装有该软件的电脑上导出一份已解密的文件；否则请从源系统重新导出 xlsx 或 csv。
workbook-is-other = 不管文件名怎么写，它其实是 { $what }，不能当作表格读取。请提供 xlsx、xls、ods 或 csv 格式的清单。
workbook-kind-access = Access 数据库（请在 Access 里把清单所在的表导出为 xlsx）
workbook-kind-archive = 压缩包（程序不解压：请先解压，把里面的表格文件列入任务）
workbook-kind-dbf = dBASE 或 FoxPro 的数据表（DBF；请用 Excel 或 WPS 打开，另存为 xlsx）
workbook-kind-dif = DIF 数据交换文件（请用 Excel 或 WPS 打开，另存为 xlsx，再核对证件号码的末几位没有变成 0）
workbook-kind-flat-ods = 单个 XML 的 OpenDocument 表格（请用 LibreOffice 打开，另存为 ods 或 xlsx）
workbook-kind-json = JSON 数据（请在源系统导出 xlsx 或 csv）
workbook-kind-numbers = Numbers 表格（请在 Numbers 里用“文件”→“导出为”→“Excel”导出）
workbook-kind-parquet = Parquet 数据文件（请用写出它的程序导出为 csv）
workbook-kind-sql = SQL 脚本（请在数据库里把清单导出为 csv 或 xlsx）
workbook-kind-sqlite = SQLite 数据库（请把清单所在的表导出为 csv）
workbook-kind-sylk = SYLK 数据交换文件（请用 Excel 或 WPS 打开，另存为 xlsx，再核对证件号码的末几位没有变成 0）
workbook-kind-uof = 标文通（UOF）文档（请用 WPS 或永中 Office 打开，另存为 xlsx）
workbook-kind-utf32 = UTF-32 编码的网页（请在源系统重新导出 xlsx 或 csv）
workbook-kind-mail = 邮件
workbook-kind-ofd = OFD 版式文件
workbook-kind-pdf = PDF 文件
workbook-kind-picture = 图片
workbook-kind-program = 程序文件
workbook-kind-shortcut = 快捷方式（请提供它指向的文件）
workbook-kind-slides = 演示文稿
workbook-kind-word = Word 或文字处理文档
workbook-kind-xml = 不属于任何表格格式的 XML 文件
workbook-old-excel = 这是 Excel 4 及更早的工作簿格式，或某些系统直接写出的简易 xls，读不了。请用 Excel 或 WPS 打开，另存为 xlsx 后再用；另存后请核对证件号码的末几位没有变成 0。
workbook-is-text = 文件名像工作簿，内容其实是文本，已按文本读取。请不要用 Excel 打开后再保存：18 位号码会丢失末几位。把扩展名改为 csv 即可。
workbook-is-markup = 文件名像工作簿，内容其实是网页或 XML 表格，已按其中的表格读取。

# Passwords and permissions
workbook-password = 工作簿已加密，读不到里面的数据。如果打开时要输入密码：用 Excel 或 WPS 打开，在“文件”→“信息”→“保护工作簿”→“用密码进行加密”里清空密码，再保存。如果打开时并不问密码：它设了“保护工作簿”结构保护或只读（写保护）密码，Excel 会用内置的默认密码 { $password } 加密；打开后在“审阅”里取消“保护工作簿”，另存时在“工具”→“常规选项”里清空修改权限密码，再保存。
workbook-ods-password = ODS 表格设了打开密码，读不到里面的数据。请用 LibreOffice 或 WPS 打开，另存为时取消“使用密码保存”。
workbook-zip-password = 文件是带密码的压缩包，读不到里面的数据。请用密码解压后，把解压出来的文件列入任务。
workbook-rights = 工作簿设了权限管理（IRM），只有获授权的人能打开。请由有权限的人打开，在“文件”→“信息”→“保护工作簿”→“限制访问”里改为“无限制访问”，再另存一份。
workbook-guarded = 文件看来是被文档加密（防泄密）软件加密的，离开本单位的电脑就打不开。请在装有该软件的电脑上解密，导出一份明文文件再用。

# Damage and limits
workbook-archive-damaged = 工作簿已损坏或不完整（压缩包结构不对）。请让对方重新发送，或从源系统重新导出。
workbook-xls-damaged = xls 工作簿已损坏或不完整。请用 Excel 或 WPS 打开，确认行数齐全后另存为 xlsx；打不开的，请让对方重新发送。
workbook-xls-too-large = xls 文件超过 { $most } MiB，不予读取。请用 Excel 或 WPS 另存为 xlsx。
workbook-too-spread = 工作簿里有内容的单元格散得太开（多半是在最后一行或最后一列误填了内容），不予读取。请删除清单以外的内容，另存为 xlsx。
workbook-too-many-repeats = 工作表“{ $sheet }”里重复填充的单元格多得不像清单，不予读取。请删除清单以外的行和列后再保存。
workbook-too-many-parts = 文件里有 { $parts } 个部分，不像是工作簿，不予读取。
workbook-unfolds-too-far = 解压后的 { $part } 有 { $size } MiB，不像是代码清单，不予读取。
workbook-part-damaged = 工作簿已损坏（{ $part }）。请用 Excel 或 WPS 打开，确认数据齐全后另存为 xlsx；打不开的，请让对方重新发送。
workbook-part-missing = 工作簿不完整，缺少 { $part }。请让对方重新发送。
workbook-part-endless = 工作簿里有一处文字长得不像单元格内容（{ $part }），不予读取。请让对方重新导出。
workbook-too-much-text = 工作簿里所有单元格的文字合计超过 512 MiB，装不下。请拆成几个文件。
workbook-compression-method = 工作簿里的内容是用 { $method } 方式压缩的，表格程序都不用这种方式，读不了。请解压后用标准的 zip（Deflate）重新压缩，或用 Excel、WPS 打开后另存为 xlsx。
workbook-compression = 工作簿用了不常见的压缩方式，读不了。请用 Excel 或 WPS 打开后另存为 xlsx。

# Sheets
workbook-no-such-sheet = 没有名为“{ $sheet }”的工作表。现有工作表：{ $sheets }
workbook-no-such-place = 没有第 { $place } 张工作表。现有工作表：{ $sheets }
workbook-sheet-hidden = 工作表是隐藏的，没有读取。要读取它，请在任务文件的 sheet 里写明它的名称。
workbook-sheet-very-hidden = 工作表是深度隐藏的（在 Excel 里用右键菜单也看不到），没有读取。要读取它，请在任务文件的 sheet 里写明它的名称。
workbook-sheet-of-chart = 这是图表页，没有单元格，没有读取。
workbook-sheet-of-dialog = 这是对话框页，没有单元格，没有读取。
workbook-sheet-of-macros = 这是宏表，不是数据，没有读取。
workbook-sheet-missing = 工作簿里列有这张工作表，但找不到它的内容。请用 Excel 或 WPS 打开检查后重新保存。
workbook-sheet-damaged = 工作表的内容已损坏，没有读取。请用 Excel 或 WPS 打开，确认行数齐全后另存；打不开的，请让对方重新发送。
workbook-sheet-damaged-after = 第 { $row } 行之后的内容已损坏，读不下去。请用 Excel 或 WPS 打开，确认行数齐全后另存；打不开的，请让对方重新发送。
workbook-sheet-endless = 工作表里有一处文字长得不像单元格内容，没有读取。请让对方重新导出。
workbook-sheet-endless-after = 第 { $row } 行之后有一处文字长得不像单元格内容，读不下去。请检查该行，或让对方重新导出。
workbook-too-many-merges = 合并单元格超过 { $most } 处，其余的没有按合并处理，请核对。

# Rows
workbook-cell-outside = 第 { $row } 行有单元格超出了工作表的最大范围（1048576 行，XFD 列）。请用 Excel 或 WPS 打开后重新保存。
workbook-cell-too-long = 单元格 { $cell } 的文字超过 32767 个字，不是正常的单元格内容，请检查。
workbook-cell-twice = 单元格 { $cell } 在文件里出现了两次，无法判断以哪个为准。请用 Excel 或 WPS 打开核对后重新保存。
workbook-row-too-long = 这一行的文字合计超过 256 KiB，不像是清单里的一行，请检查。
workbook-shared-text-missing = 单元格 { $cell } 的文字在文件里找不到，文件可能已损坏。请用 Excel 或 WPS 打开核对后重新保存。
