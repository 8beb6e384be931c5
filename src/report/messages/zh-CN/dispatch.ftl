# Matters and decisions
matter-city_only = 市有省无
matter-province_only = 省有市无
matter-difference = 字段差异
matter-revoked = 市库已注销省库有效
matter-city_only-words = 市库有、省库没有：尚未归集到省。
matter-province_only-words = 省库有、市库没有：请核实证照由谁制发、市库为何缺失。
matter-difference-words = 两库都有，但照面信息或证照状态不一致。
matter-revoked-words = 市库已废止或注销，省库仍显示有效：请优先处理。
decision-insert = 归集到省
decision-update = 更新省库
decision-delete = 作废省库
decision-nothing_to_do = 无需处理
decision-data_wrong = 信息有误
decision-other = 其他
decision-insert-words = 证照真实有效，应由市库归集到省库。
decision-update-words = 市库内容正确，以市库为准更新省库。
decision-delete-words = 证照已经注销、废止或不应存在，省库应予作废。
decision-nothing_to_do-words = 现状正确，不需要改动；请在处理说明中写明理由。
decision-data_wrong-words = 市库或清单中的信息有误，由本单位先行更正；请写明错在哪里。
decision-other-words = 以上都不适用；请在处理说明中写明如何处理。

# Columns of lists
col-holder-name = 持证主体
col-decision = 处理决定
col-decision-note = 处理说明
col-decided-by = 办理人
col-to-settle = 应处理
col-decided = 已处理
col-outstanding = 未处理
col-overdue = 逾期未处理
col-decided-share = 处理率

# The first sheet of a department's workbook
dispatch-front = 填写说明
dispatch-title = 电子证照问题处理单：{ $department }
dispatch-facts = 任务 { $job }，批次 { $run }，{ $day } 生成
dispatch-no-department = 未填
dispatch-counts = 本单位需要处理的证照
dispatch-matter = 事项
dispatch-count = 件数
dispatch-of-all = 占全部单位
dispatch-meaning = 含义
dispatch-rank = 占全部待处理证照的 { $share }；在 { $of } 个单位中，件数由多到少排第 { $rank } 位。
dispatch-what-to-do = 怎样填写
dispatch-fill-in = 请在各清单中逐行填写橙色表头的三列：“处理决定”从下拉列表中选一项，“处理说明”写明情况，“办理人”填写姓名。
dispatch-choose = 每件证照只能有一项处理决定，各项的含义见下表；暂时无法确定的，请先与有关单位核实，不要猜测。
dispatch-locked = 其余单元格已锁定，请勿改动，也不要把行复制到别的清单；可以直接筛选，如需排序或删除行，请先在“审阅”中撤消工作表保护（没有密码）。
dispatch-return = 填好后保存为 xlsx 或 xls 文件，退回发来本表的单位，不需要改文件名。
dispatch-return-by = 填好后保存为 xlsx 或 xls 文件，于 { $day } 前退回发来本表的单位，不需要改文件名。
dispatch-decisions = 各项处理决定的含义
dispatch-choice-title = 处理决定
dispatch-choice-words = 请从下拉列表中选择一项；情况特殊的请选“其他”，并在处理说明中写明。

# What dispatch tells
dispatch-done = 已写出 { $departments } 个单位的处理单：{ $path }。待处理证照共 { $rows } 件：市有省无 { $city }，省有市无 { $province }，字段差异 { $different }，市库已注销省库有效 { $revoked }；其中已有处理决定 { $decided } 件
dispatch-nothing = 没有需要处理的证照，没有写出处理单
dispatch-of-incomplete = 这次运行尚未完成：处理单只包含已查询到的证照
dispatch-no-column = 这次运行没有附带列“{ $by }”；--by 可以用的列有：{ $known }。需要其他列时，请在任务文件的 carry 中加上后重新运行
dispatch-nothing-carried = 这次运行没有附带列，无法按“{ $by }”分单位；请在任务文件的 carry 中写上该列后重新运行
dispatch-too-many = 列“{ $by }”有 { $most } 个以上不同的值，不像是单位；请用 --by 指定写有单位名称的列
dispatch-changed = 有 { $count } 个处理单在写出之后被改动过，里面可能有已填写的内容：{ $files }。请先用 collect 收取，再移走它们；或用 --out 换一个目录
dispatch-long-password = 密码超过 { $most } 个字符，Excel 打不开；请换一个短些的密码

# What collect tells
collect-done = 已读取 { $files } 个处理单，处理决定 { $decisions } 条：新增或改动 { $new }，与之前相同 { $same }；撤回 { $withdrawn }
collect-not-whole = 有 { $refused } 处没有收取，另有 { $contradictions } 件证照的处理决定相互矛盾（位置见上）；其余都已收取。改正后再次运行同一命令即可
collect-no-file = 没有找到文件：{ $path }
collect-nothing-dispatched = { $path } 这次运行没有发出过处理单；请指定发出处理单的那次运行的目录
collect-needs-password = { $file }：文件已加密，请用 --password-file 给出密码；也可能是设置了“保护工作簿”，请在“审阅”中取消后重新保存。没有收取其中的内容
collect-wrong-password = { $file }：密码不对，没有收取其中的内容。密码如果改过，请让填写单位说明
collect-not-decrypted = { $file }：无法解密（{ $cause }），没有收取其中的内容
collect-no-list = { $file }：没有找到处理单的清单，没有收取任何内容。可能不是处理单，也可能隐藏的第一列（行标识）被删除了；请让填写单位在原处理单上重新填写
collect-other-run = { $file } [{ $sheet }]：这是另一批次的处理单，没有收取。请在收取时指定该批次的目录
collect-list-unknown = { $file } [{ $sheet }]：表头的标识被改动过，没有收取这张清单。请让填写单位在原处理单上重新填写
collect-no-header = { $file } [{ $sheet }]：表头被删除了，没有收取这张清单。请从原处理单中复制回表头行
collect-no-decision-column = { $file } [{ $sheet }]：没有“处理决定”列，没有收取这张清单
collect-column-missing = { $file } [{ $sheet }]：少了“{ $column }”列，无法核对该列是否被改动
collect-row-unreadable = { $file } [{ $sheet }] 第 { $row } 行：无法读取。{ $reason }
collect-row-without-key = { $file } [{ $sheet }] 第 { $row } 行：是新增的行，不知道指哪件证照，没有收取
collect-key-unknown = { $file } [{ $sheet }] 第 { $row } 行：行标识无效（被改动过，或不是处理单中的行），没有收取
collect-row-of-other-run = { $file } [{ $sheet }] 第 { $row } 行：是从另一批次的处理单复制来的，没有收取
collect-row-from-elsewhere = { $file } [{ $sheet }] 第 { $row } 行：是从另一单位的处理单复制来的；决定已收取，请核对
collect-cell-changed = { $file } [{ $sheet }] 第 { $row } 行：锁定的单元格 { $cell }（{ $column }）被改动过；决定已收取，改动的内容不会采用
collect-cell-changed-alone = { $file } [{ $sheet }] 第 { $row } 行：锁定的单元格 { $cell }（{ $column }）被改动过；改动的内容不会采用
collect-row-renamed = { $file } [{ $sheet }] 第 { $row } 行：指明证照的单元格 { $cell }（{ $column }）被改动过，不能确定指哪件证照，没有收取。请恢复原来的内容；信息确有错误的，请选“信息有误”并写在处理说明中
collect-note-alone = { $file } [{ $sheet }] 第 { $row } 行：写了处理说明，但没有选处理决定，没有收取
collect-unknown-decision = { $file } [{ $sheet }] 第 { $row } 行：单元格 { $cell } 的“{ $text }”不是列表中的处理决定，没有收取
collect-certificate-gone = { $file } [{ $sheet }] 第 { $row } 行：这次运行的结果中已没有这件证照（报告重建后有变化）；决定已保存，证照再出现时生效
collect-contradiction = 同一件证照的处理决定相互矛盾，都不采用：{ $places }。请核实后改正其中一处，再收取该文件
collect-place = { $file } [{ $sheet }] 第 { $row } 行“{ $decision }”

# How far departments have come
sheet-handling = 处理情况
handling-rest = 其余单位
handling-carried = { $decision }（沿用 { $run }）
handling-earlier-unreadable = 无法读取上一批次 { $run } 的处理决定：{ $cause }；沿用此前已取得的内容
