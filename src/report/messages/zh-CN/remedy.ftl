# What the province is told
remedy-action-insert = 归集到省（新增）
remedy-action-update = 更新省库
remedy-action-delete = 作废省库
remedy-state-intended = 未得到答复
remedy-state-answered = 已受理，待核实
remedy-state-settled = 已生效
remedy-state-not_settled = 已受理，尚未生效
remedy-state-contradicting = 与省库现状矛盾
remedy-state-refused = 平台未受理
decision-conflicting = 互相矛盾

# Why it is told, or is not
remedy-only-city = 只有市库有这件证照，市库状态有效
remedy-only-city-likely = 只有市库有这件证照，市库状态有效；省库有一件疑似同一证照、编号不同，请先核对编号
remedy-differs = 两库有 { $count } 处不一致，处理决定为更新省库
remedy-differs-undecided = 两库有 { $count } 处不一致，还没有“更新省库”的处理决定
remedy-void = 市库已废止或注销，省库仍有效，处理决定为作废省库
remedy-void-undecided = 市库已废止或注销，省库仍有效，还没有“作废省库”的处理决定
remedy-unanswered = 上次通知没有得到答复：确认发送时先查明是否已经生效，没有生效才再次通知
remedy-no-city = 市库没有这件证照，无从按市库通知省库
remedy-neither = 两库都没有这件证照
remedy-unknown = 查询失败，情况未知；请先用 run --retry-failed 重新查询
remedy-pending = 尚未查询；请先完成核查
remedy-not-compared = 照面没有取全，未能比对
remedy-city-unknown = 只有市库有，但市库的证照状态未知（核查深度为 existence，或照面没有取到）
remedy-city-not-valid = 只有市库有，但市库的证照状态是“{ $state }”
remedy-decided-otherwise = 处理决定是“{ $decision }”
remedy-decisions-conflict = 同一件证照有互相矛盾的处理决定；请有关部门统一意见后重新收取
remedy-unfit-insert = 处理决定是“归集到省”，但省库已有这件证照
remedy-unfit-update = 处理决定是“更新省库”，但两库没有不一致之处
remedy-unfit-delete = 处理决定是“作废省库”，但不是市库已废止或注销、省库仍有效的情况
remedy-type-left-out = 该证照类型不在 remediate.types 之内
remedy-not-allowed = 任务文件没有允许此项操作：remediate.allow 中没有 "{ $action }"
remedy-no-file-number = 没有市库文件标识（fileNumber），无法通知
remedy-no-province-id = 没有省库证照标识（certIdentifier），无法通知更新
remedy-same-certificate = 与前面一条是同一件证照，只通知一次
remedy-told = 本批次已经通知省库（{ $state }）
remedy-told-before = 以前的批次已在 { $days } 天前通知省库，未超过 { $most } 天，不重复通知

# What the province's library shows against it
remedy-other-identifier = 省库已有这个证照编号，但证照标识不是通知时答复的那一个；请人工核对
remedy-province-lost = 通知更新之后，省库已没有这件证照；请人工核对
remedy-city-lost = 通知更新之后，市库已没有这件证照；请人工核对
remedy-other-state = 通知作废之后，省库的证照状态是“{ $state }”；请人工核对

# The command
remediate-other-platform = 这次运行核查的平台是 { $audited }，任务文件现在的平台是 { $now }；证照标识只在原来的平台上有效，请改回 platform.base_url，或重新核查
remediate-of-incomplete = 这次运行尚未完成；只处理目前已查明的证照
remediate-embedded = 任务使用的是内置模拟平台：通知只在这一次命令中有效，之后的核查看不到；要看到通知的效果，请另行运行 ecert-audit sandbox，并把 platform.base_url 指向它
remediate-too-many = 要通知的有 { $count } 件，超过 remediate.max_actions（{ $most }）；请先核对核查结果是否可信，确认无误再提高上限，或用 --plan 分批发送
remediate-marks-ignored = { $path } 中有 { $count } 行的“执行”一栏已经改过，不加 --plan 就不会采用；请加 --plan { $path }，或将该文件移走
remediate-overtaken = 计划中标为“执行”的有 { $count } 条现在不再列入（例如已经通知过，或处理决定已变），没有发送；原因见 remediation.xlsx
remediate-nothing = 没有需要通知省库的证照
remediate-nothing-open = 没有待核实的通知
remediate-waiting = 等待 { $seconds } 秒后核实是否生效
remediate-count = { $state } { $count } 件
remediate-counts = { $action }：{ $counts }
remediate-not-whole = 有 { $count } 件通知没有得到答复（原因见 tables/remedies.parquet）；用 --confirm 再次运行，会先查明是否已经生效，只发送没有生效的
remediate-not-chosen = 以前有 { $count } 件通知没有得到答复，这次没有选中发送；已查询省库，凡没有生效的，仍列在 remediation.xlsx 中
remediate-all-refused = 平台没有受理这次发送的任何一件通知（共 { $count } 件，原因见 tables/remedies.parquet）；请与平台核对接口权限和文件标识
remediation-head = 处置计划：{ $job } · { $run }
remediation-action = { "  " }{ $action }：拟通知 { $proposed } 件，待决定 { $undecided } 件
remediation-withheld = { "  " }不列入 { $count } 条
remediation-over = { "  " }拟通知的共 { $count } 件，超过 remediate.max_actions（{ $most }），确认发送时会被拒绝
remediation-written = 没有通知省库。每一件及其原因、不列入的原因见 { $path }；核对后加 --confirm 发送，或在表中填写“执行”“不执行”后用 --plan 指定该文件

# The workbook to decide in
sheet-remediation-actions = 拟办事项
sheet-remediation-others = 不列入
col-remediation-mark = 执行
col-remediation-key = 行标识
col-remedy-action = 处置事项
col-remedy-reason = 原因
col-file-number = 市库文件标识
col-cert-identifier = 省库证照标识
remediation-mark-execute = 执行
remediation-mark-skip = 不执行
remediation-mark-choice = 请从列表中选择“执行”或“不执行”，或留空。
remediation-note-marks = “拟办事项”第一列决定是否通知省库：选“执行”或“不执行”；留空表示没有决定。其余各列请勿改动。
remediation-note-sent = 用 --plan 指定本文件并加 --confirm 时，只发送标为“执行”的行，不多也不少。
remediation-note-confirm = 不用 --plan 时：新增只要没有人反对就发送；更新和作废只在部门已作出相应处理决定时发送。
remediation-note-rows = 行可以排序、筛选、删除；“行标识”（已收起）用来找回原行，请勿改动或复制到别的行。
remediation-note-others = “不列入”列出其余缺口和差异，以及为什么不通知省库。
remediation-unreadable = 无法读取 { $file }：{ $cause }；请修复该文件，或将其移走
remediation-no-list = { $file } 中没有“拟办事项”工作表，不是 remediate 生成的处置计划
remediation-row-problem = { $file }［{ $sheet }］第 { $row } 行：{ $problem }
remediation-mark-unknown = “执行”一栏填的是“{ $mark }”，只能是“执行”“不执行”或留空
remediation-row-without-key = 没有行标识，无法知道是哪一件证照；请从原表复制整行，或删除该行
remediation-row-twice = 与第 { $row } 行是同一件通知，但填写不同；请只保留一行
remediation-row-foreign = 不是这次运行的行，或行标识已被改动；请用这次运行的 remediation.xlsx

# The report
notified-earlier-unreadable = 无法读取上一批次 { $run } 通知省库的记录，原因见下一行；沿用此前已取得的内容
sheet-remedies = 处置结果
col-remedy-state = 处置结果
col-sent-at = 通知时间（{ $zone }）
col-verified-at = 核实时间（{ $zone }）
col-notified = 通知省库情况
notified-before = { $day } 已通知（{ $action }），已 { $days } 天
notified-overdue = { $day } 已通知（{ $action }），已 { $days } 天，逾期未生效
