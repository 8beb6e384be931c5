# The job file
job-expected-sample-size = 条目数或所占比例，例如 20000 或 "0.5%"
job-sample-empty = `{ $key }` 至少为 1
job-sample-by = `audit.sample.by`：{ $by } 既不是 "{ $type }"，也不是 inputs.carry 中的附带列
job-sample-recheck = 复查（audit.recheck = "gaps"）不能同时抽样：只有缺口的样本不能代表全部条目；请去掉其中一项
schema-audit-sample = 只抽查一部分条目，用来推算全部；不写则查全部条目
schema-audit-sample-size = 抽多少：条目数，或所占比例（例如 "0.5%"）
schema-audit-sample-by = 按什么分层：cert_type_code（证照类型），或 inputs.carry 中的一列
schema-audit-sample-least = 每层至少抽多少个条目
schema-audit-sample-seed = 决定抽到哪些条目的种子；不写则用批次号，每个批次重新抽取
schema-report-gates_on_sample = 抽样无法判定的门限怎么办：warn 只提示，strict 视为未达标

# Drawing
sample-too-many-strata = { $by } 有超过 { $most } 个不同的值，不适合用来分层；请在 [audit] sample 中把 by 改为取值较少的附带列或 "cert_type_code"
sample-too-few-items = 样本 { $size } 个条目太少：按 { $by } 分为 { $strata } 层，每层至少抽 2 个，共需 { $needed } 个；请加大样本，或把 by 改为取值较少的列
sample-drawn = 抽样：从 { $population } 个条目中抽取 { $size } 个，按 { $by } 分为 { $strata } 层
sample-least-not-met = 样本 { $size } 个条目不够每层抽取 { $least } 个；抽得少的层，估计会比较粗
sample-kept = 这次运行已抽取 { $drawn } 个条目，不少于所要的 { $size } 个，样本不变
sample-extended = 样本由 { $before } 个扩大到 { $after } 个条目，只查询新增的条目
sample-begun-whole = 运行 { $path } 不是抽样运行，不能改为抽样；请去掉 --sample 继续，或用 --run-id 另起一次运行
sample-begun-sampled = 运行 { $path } 是抽样运行；请加上 --sample 继续，或用 --run-id 另起一次运行
sample-flag-size = 抽样量应为条目数或所占比例，例如 20000 或 0.5%
sample-flag-margin = 误差应为大于 0、小于 50% 的百分比，例如 1%

# The plan of a sampled run
plan-sample = 抽样 { $size } 个条目（共 { $population } 个，按 { $by } 分为 { $strata } 层，{ $allocation }）；归集率的预期误差 ±{ $margin }
plan-sample-stratum = { $name }：抽取 { $drawn } / { $population }，预期误差 ±{ $margin }
plan-sample-strata-more = 另有 { $count } 层没有逐一列出
allocation-proportional = 按各层条目数分配
allocation-neyman = 按上一批次各层归集率的离散程度分配

# Reports
sample-title = 电子证照省市比对报告（抽样估计）
sample-subject = 电子证照归集与一致性核查（抽样估计）
sample-interval = { $low } 至 { $high }
sample-estimate = { $value }（抽样估计，95% 置信区间 { $low } 至 { $high }）
sample-withheld = 样本不足
sample-note = 抽样估计：从 { $population } 个条目中按{ $by }分层抽取 { $size } 个（种子 { $seed }）。估计值之后是 95% 置信区间；查询失败的条目情况未知，区间已按“全部不利”到“全部有利”放宽。
sample-lists = 各明细表只列出样本中的条目，不是全部条目。
sample-counts = 以下数量是样本中的行数，不是全部条目的；全部条目的推算见“抽样推算数量”。
sample-list-name = { $sheet } (样本)
sample-heading = 抽样
sample-by-type = 证照类型
sample-size = 样本条目
sample-size-words = 实际查询的条目
sample-population = 总体条目
sample-population-words = 输入中的全部条目；重复行和无效行不在其中
sample-by = 分层依据
sample-by-words = 每层至少抽取 { $least } 个条目；{ $allocation }
sample-seed = 抽样种子
sample-seed-words = 种子和输入相同，抽到的条目就相同；加大样本时，原有的条目都在其中
sheet-estimates = 抽样估计
sheet-estimated-counts = 抽样推算数量
col-scope = 口径
col-group = 分组
col-group-name = 名称
col-population = 总体条目
col-sample = 样本条目
col-estimate = { $figure } 估计
col-interval = { $figure } 95% 区间
scope-all = 全部
scope-type = 按证照类型
page-sample = 抽样估计
page-sample-figure = 指标
page-sample-value = 估计值
page-sample-interval = 95% 置信区间
page-sample-answered = 只按已答复的行
history-sample = { $run }（抽样 { $size } 个）

# Gates
page-some-undecided = 有门限无法判定
gate-undecided = 无法判定
gate-estimate-of = 估计 { $value }，区间 { $low } 至 { $high }（{ $name }）
gate-undecided-warning = 门限 { $rule }（{ $name }）无法判定：估计 { $value }，95% 置信区间 { $low } 至 { $high }，界限在区间之内；请用 --sample 加大样本后再次运行
gate-undecided-unknown = 门限 { $rule }（{ $name }）无法判定：抽样不能估计这个指标，或样本不足

# The text that ends a run
text-sample = 抽样 { $size } / { $population } 个条目（按 { $by } 分层，种子 { $seed }）；以下数量为样本中的行数
text-estimates = 抽样估计（95% 置信区间）：归集率 { $collection }  省库覆盖率 { $province }  市库覆盖率 { $city }  查询失败率 { $error }

# Two runs compared
compare-change = 变化 { $value }（95% 置信区间 { $low } 至 { $high }）：{ $verdict }
compare-more-than-chance = 超出抽样误差
compare-chance = 可能只是抽样误差
compare-sampled-gaps = 两次运行不都是全量核查：缺口变化只反映两次都查询过的条目

# Glossary
glossary-sample = 抽样估计
glossary-sample-words = 只查询了一部分条目，用它们推算全部条目。样本按层随机抽取，同一种子总是抽到同样的条目。
glossary-interval = 95% 置信区间
glossary-interval-words = 用这种方法得到的区间，100 次中约有 95 次包含全量核查会得到的值。查询失败的条目情况未知，区间从“全部不利”放宽到“全部有利”。
