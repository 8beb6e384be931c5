# The job file
job-expected-sample-size = a number of items or a share of them, such as 20000 or "0.5%"
job-sample-empty = `{ $key }` must be at least 1
job-sample-by = `audit.sample.by`: { $by } is neither "{ $type }" nor a carried column of inputs.carry
job-sample-recheck = a recheck (audit.recheck = "gaps") cannot be sampled: a sample of gaps alone does not stand for all items; remove one of the two
schema-audit-sample = asks about a part of the items only, which stands for all of them; without it all items are asked about
schema-audit-sample-size = how many: a number of items, or a share of them such as "0.5%"
schema-audit-sample-by = what the strata are: cert_type_code, or a column of inputs.carry
schema-audit-sample-least = how many items each stratum gives at least
schema-audit-sample-seed = decides which items are drawn; without it the run id does, so that each run draws anew
schema-report-gates_on_sample = what becomes of a gate that a sample does not decide: warn only warns, strict counts it as violated

# Drawing
sample-too-many-strata = { $by } has more than { $most } different values and does not serve as strata; in [audit] sample, set by to a carried column with fewer values or to "cert_type_code"
sample-too-few-items = a sample of { $size } items is too small: { $by } makes { $strata } strata, each gives at least 2 items, { $needed } in all; enlarge the sample, or set by to a column with fewer values
sample-drawn = sample: { $size } of { $population } items drawn, in { $strata } strata by { $by }
sample-least-not-met = a sample of { $size } items does not give { $least } of each stratum; strata that give fewer have rough estimates
sample-kept = this run has drawn { $drawn } items already, no fewer than the { $size } wanted: the sample stays as it is
sample-extended = the sample grows from { $before } to { $after } items; only the new ones are asked about
sample-begun-whole = the run { $path } is not sampled and cannot become so; go on without --sample, or begin another run with --run-id
sample-begun-sampled = the run { $path } is sampled; go on with --sample, or begin another run with --run-id
sample-flag-size = a sample's size is a number of items or a share of them, such as 20000 or 0.5%
sample-flag-margin = a margin is a percentage above 0 and below 50%, such as 1%

# The plan of a sampled run
plan-sample = sample of { $size } items ({ $population } in all, { $strata } strata by { $by }, { $allocation }); expected margin of the collection rate ±{ $margin }
plan-sample-stratum = { $name }: { $drawn } / { $population } drawn, expected margin ±{ $margin }
plan-sample-strata-more = { $count } more strata are not listed
allocation-proportional = allocated by the strata's sizes
allocation-neyman = allocated by how much the strata varied in the previous run

# Reports
sample-title = Electronic certificates: province and city compared (sample estimate)
sample-subject = Collection and consistency of electronic certificates (sample estimate)
sample-interval = { $low } to { $high }
sample-estimate = { $value } (sample estimate, 95% interval { $low } to { $high })
sample-withheld = too few rows
sample-note = Sample estimate: { $size } of { $population } items, drawn in strata by { $by } (seed { $seed }). Behind each estimate stands its 95% interval; of items whose calls failed nothing is known, and the interval allows for all of them being unfavourable or favourable.
sample-lists = The lists hold the items of the sample, not all items.
sample-counts = These counts are rows of the sample, not of all items; those of all items are estimated under “Estimated counts”.
sample-list-name = { $sheet } (sample)
sample-heading = Sample
sample-by-type = certificate type
sample-size = Items in the sample
sample-size-words = Items that were asked about
sample-population = Items in all
sample-population-words = All items of the inputs; duplicate and invalid rows are none
sample-by = Strata
sample-by-words = Each gives at least { $least } items; { $allocation }
sample-seed = Seed
sample-seed-words = The same seed and inputs give the same items; a larger sample contains a smaller one
sheet-estimates = Estimates
sheet-estimated-counts = Estimated counts
col-scope = Scope
col-group = Group
col-group-name = Name
col-population = Items in all
col-sample = Items in the sample
col-estimate = { $figure } estimate
col-interval = { $figure } 95% interval
scope-all = All
scope-type = By certificate type
page-sample = Sample estimates
page-sample-figure = Figure
page-sample-value = Estimate
page-sample-interval = 95% interval
page-sample-answered = Of answered rows alone
history-sample = { $run } (sample of { $size })

# Gates
page-some-undecided = Some gates are undecided
gate-undecided = Undecided
gate-estimate-of = estimate { $value }, interval { $low } to { $high } ({ $name })
gate-undecided-warning = gate { $rule } ({ $name }) is undecided: estimate { $value }, 95% interval { $low } to { $high }, and the limit lies within; enlarge the sample with --sample and run again
gate-undecided-unknown = gate { $rule } ({ $name }) is undecided: a sample does not tell this figure, or has too few rows

# The text that ends a run
text-sample = sample of { $size } / { $population } items (strata by { $by }, seed { $seed }); the counts below are rows of the sample
text-estimates = sample estimates (95% intervals): collection rate { $collection }  province coverage { $province }  city coverage { $city }  error share { $error }

# Two runs compared
compare-change = change { $value } (95% interval { $low } to { $high }): { $verdict }
compare-more-than-chance = more than chance
compare-chance = may be chance
compare-sampled-gaps = not both runs asked about all items: the changes of gaps are those of items that both asked about

# Glossary
glossary-sample = Sample estimate
glossary-sample-words = Only part of the items was asked about, and stands for all of them. The sample is drawn at random within strata; the same seed always draws the same items.
glossary-interval = 95% interval
glossary-interval-words = Intervals made this way hold what an audit of all items would find about 95 times in 100. Of items whose calls failed nothing is known: the interval allows for all of them being unfavourable or favourable.
