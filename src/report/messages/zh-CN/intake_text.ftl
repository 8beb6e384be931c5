# Finding files
files-none = 没有找到符合这个路径的文件（从 { $folder } 找起）。请核对任务文件里的 path 和文件的位置。
files-only-passed-over = 符合这个路径的 { $count } 项都不是清单文件（如锁文件、隐藏文件或文件夹），没有可读的文件。请核对 path，并确认清单已放到位。
files-bad-pattern = 路径中的“{ $part }”不是有效的通配写法：方括号要成对，** 要单独占一级目录。
files-unreadable = 文件读不出来（{ $error }）。请检查文件是否还在、是否有读取权限。
files-folder-unreadable = 文件夹打不开（{ $error }），里面的文件没有读到。请授予读取权限，或从 path 中排除它。
files-dangling = 这是一个链接，它指向的 { $target } 不存在或连接不上。请恢复链接的目标（如重新挂载共享目录），或删除这个链接。
files-special = 这不是普通文件（是管道、设备或套接字），无法作为清单读取。请换成普通文件，或从 path 中排除它。
files-folder-named = 这是文件夹，不是文件。要读取其中的文件，请写成“文件夹/*.xlsx”的形式。
files-folder = 是文件夹，没有读取里面的内容。要一并读取，请在 path 中用 ** 或写明该文件夹。
files-lock = 是 Excel、WPS 或 LibreOffice 打开文件时留下的锁文件，不是清单。
files-of-system = 是操作系统自动生成的附带文件，不是清单。
files-hidden = 是隐藏文件，或者在隐藏文件夹、回收站里，没有读取。要读取它，请把它的完整路径写进 path。
files-other-extension = 扩展名不在 path 的范围内，没有读取。如果它也是清单，请在 path 中加上它的扩展名，例如 *.{ "{" }xlsx,xls,csv{ "}" }。
files-only-other-extensions = 没有文件符合这个路径，但同一位置有 { $count } 个扩展名不同的文件。请核对 path 中的扩展名。
files-same = 与 { $other } 是同一个文件（通过链接又遇到一次），只读一遍。
files-read-again = 第 { $first } 个和第 { $second } 个 [[inputs]] 都包含这个文件，按各自的设置各读一遍，第二遍的行大多会计为重复。如非有意，请调整 path。

# How a text file is read
text-layout = 按 { $encoding } 编码读取，以{ $separator }分列。
text-layout-one-column = 按 { $encoding } 编码读取，只有一列。
text-separator-comma = 逗号
text-separator-tab = 制表符
text-separator-semicolon = 分号
text-separator-bar = 竖线
text-separator-code = 控制字符 { $code }
text-separator-other = “{ $separator }”
text-note-declared = 第一行声明了分隔符（{ $separator }），已照此读取，这一行不算数据。
text-note-end-mark-at-end = 文件末尾有一个旧程序写的结束符（Ctrl-Z），已略过。
text-unreadable = 文件读不出来（{ $error }）。请检查文件是否被占用、是否有读取权限。
text-unreadable-after = 读到第 { $line } 行之后读不下去了（{ $error }）。请检查磁盘或网络，再重新运行。
text-is-none = 文件名像文本清单，内容却不是可读的文本（从第 { $line } 行起就无法识别）。如果本单位装有文档加密（防泄密）软件，请在装有该软件的电脑上导出一份已解密的文件；否则请从源系统重新导出。

# Rows that cannot be read
text-bad-bytes = 第 { $line } 行第 { $place } 个字符处的内容已损坏，无法识别。请用记事本打开原文件，核对并改正这一行，或从源系统重新导出。
text-other-encoding = 第 { $line } 行的编码与文件其他部分不一致（UTF-8 与 GBK 混用），多半是把两个文件拼在了一起。请统一编码后重新导出，不要用 Excel 打开再保存。
text-zero-bytes = 第 { $line } 行中有空字符（零字节），这一行可能没有写完整。请核对这一行，或从源系统重新导出。
text-end-mark = 第 { $line } 行中间有文件结束符（Ctrl-Z），它的后面还有内容。请核对这一行，删除这个字符。
text-too-long = 第 { $line } 行太长（超过 1 MiB，或超过 16384 列），不像是清单中的一行。请检查换行和分隔符是否正确。
text-stray-mark = 第 { $line } 行的双引号不成对，分不清各列的起止。请用记事本打开，补上或删去多余的双引号。

# Lines that a person should look at
text-note-bad-bytes = 有 { $count } 行含有损坏的、无法识别的字符：{ $lines }。
text-note-other-encoding = 有 { $count } 行的编码与文件其他部分不一致（UTF-8 与 GBK 混用）：{ $lines }。
text-note-zero-bytes = 有 { $count } 行含有空字符（零字节）：{ $lines }。
text-note-end-mark = 有 { $count } 行中间有文件结束符（Ctrl-Z）：{ $lines }。
text-note-too-long = 有 { $count } 行太长，没有读取：{ $lines }。
text-note-stray-mark = 有 { $count } 行的双引号不成对，没有读取：{ $lines }。
text-note-mark-as-written = 有 { $count } 行的双引号不成对，已按普通字符读取，请核对：{ $lines }。
text-note-wrapped = 有 { $count } 行整行都在双引号里，已去掉引号再分列，请核对：{ $lines }。
text-note-wide-separators = 有 { $count } 行混用了全角和半角的分隔符，已一并作为分隔符，请核对：{ $lines }。
text-note-header-separator = 表头与数据用的分隔符不同，已分别处理，请核对：{ $lines }（{ $count } 行）。
text-note-rules = 有 { $count } 行是数据库工具打印的分隔线或行数提示，按空行计：{ $lines }。
text-note-padding = 有 { $count } 行的字段后面有填充用的空字符（零字节），已去掉：{ $lines }。
text-note-rare-ends = 有 { $count } 行以少见的换行符（NEL、U+2028、垂直制表符或换页符）结尾，已按换行处理，行号按此计算，请核对：{ $lines }。
text-note-over-lines = 有 { $count } 条记录因单元格里有换行而占多行，已合并读取，起始于{ $lines }。

# Web pages and XML tables
markup-page = 按网页读取，编码为 { $encoding }，有内容的表格 { $tables } 个。
markup-workbook = 按 Excel 2003 的 XML 表格读取，编码为 { $encoding }，工作表 { $sheets } 张。
markup-unreadable = 文件读不出来（{ $error }）。请检查文件是否被占用、是否有读取权限。
markup-no-table = 这是一个网页，里面没有表格。它可能是登录页或报错页：请重新登录源系统，再导出一次清单。
markup-frames = 这是一个网页，表格在它引用的其他文件里（通常在同名的 .files 文件夹中）。请在源系统重新导出 xlsx 或 csv，或把那个文件夹里的 sheet001.htm 等文件列入任务。
markup-page-cut-off = 网页在表格中间就结束了，多半没有下载完整，后面可能还缺行。请重新导出，核对行数。
markup-workbook-cut-off = 这是 Excel 2003 的 XML 表格，但文件没有写完就结束了，可能缺行。请重新导出或重新发送。
markup-archive-damaged = 这是网页归档文件（MHT），里面的网页无法解码。请在源系统重新导出 xlsx 或 csv。
markup-archive-too-large = 这是网页归档文件（MHT），超过 { $most } MiB，不予读取。请在源系统重新导出 xlsx 或 csv。
markup-too-many-tables = 网页里的表格超过 { $most } 个，或者嵌套太深，其余的没有读取。请核对。
markup-too-many-merges = 合并单元格超过 { $most } 处，其余的没有按合并处理，请核对。
markup-sheet-hidden = 工作表是隐藏的，没有读取。要读取它，请取消隐藏后重新保存。
markup-cut-off = 第 { $row } 行在文件结束时还没有写完，内容不完整。请重新导出，核对行数。
markup-bad-bytes = 第 { $row } 行含有损坏的、无法识别的字符。请核对这一行，或从源系统重新导出。
markup-cell-too-long = 第 { $row } 行有单元格的文字超过 32767 个字，不是正常的单元格内容，请检查。
markup-row-too-long = 第 { $row } 行的文字合计超过 1 MiB，不像是清单里的一行，请检查。
markup-cell-twice = 第 { $row } 行或其中的单元格与前面的位置重复，无法判断以哪个为准。请从源系统重新导出。
markup-too-many-columns = 第 { $row } 行的单元格超出了工作表的最大列数（16384 列），请检查。
markup-too-many-rows = 第 { $row } 行超出了工作表的最大行数（1048576 行）。请改用 csv 或 xlsx 重新导出。
