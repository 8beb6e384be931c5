# Matters and decisions
matter-city_only = City only
matter-province_only = Province only
matter-difference = Differences
matter-revoked = Revoked in the city only
matter-city_only-words = The city holds it and the province does not: it never reached the province.
matter-province_only-words = The province holds it and the city does not: find out who issued it and why the city lacks it.
matter-difference-words = Both hold it, but their fields or states differ.
matter-revoked-words = Revoked in the city and still valid in the province: settle these first.
decision-insert = Insert into province
decision-update = Update province
decision-delete = Cancel in province
decision-nothing_to_do = Nothing to do
decision-data_wrong = Data wrong
decision-other = Other
decision-insert-words = The certificate is real and in force; the province is to get it from the city.
decision-update-words = What the city holds is right; the province's copy is to be replaced by it.
decision-delete-words = The certificate was revoked or should not exist; the province's copy is to be cancelled.
decision-nothing_to_do-words = All is as it should be; give the reason in the note.
decision-data_wrong-words = What the city or the list says is wrong and is put right by your department first; say what is wrong.
decision-other-words = None of these fits; say in the note what is to be done.

# Columns of lists
col-holder-name = Holder
col-decision = Decision
col-decision-note = Note on the decision
col-decided-by = Decided by
col-to-settle = To settle
col-decided = Decided
col-outstanding = Outstanding
col-overdue = Overdue
col-decided-share = Decided share

# The first sheet of a department's workbook
dispatch-front = How to fill in
dispatch-title = Certificates to settle: { $department }
dispatch-facts = Job { $job }, run { $run }, made on { $day }
dispatch-no-department = (none)
dispatch-counts = What your department has to settle
dispatch-matter = Matter
dispatch-count = Certificates
dispatch-of-all = Share of all
dispatch-meaning = Meaning
dispatch-rank = { $share } of all certificates to settle; number { $rank } of { $of } departments by how many there are.
dispatch-what-to-do = What to do
dispatch-fill-in = In each list, fill in the three columns with orange headers row by row: choose a decision from the list, write a note, and give your name.
dispatch-choose = A certificate has one decision only, and the table below says what each of them means; where you cannot tell yet, find out first and do not guess.
dispatch-locked = All other cells are locked; change none of them and copy no row into another list. You can filter as it is; to sort or delete rows, take off the sheet's protection under “Review” first (there is no password).
dispatch-return = Save the workbook as xlsx or xls and return it to whoever sent it; keep its name.
dispatch-return-by = Save the workbook as xlsx or xls and return it by { $day } to whoever sent it; keep its name.
dispatch-decisions = What the decisions mean
dispatch-choice-title = Decision
dispatch-choice-words = Choose a decision from the list; where none fits, choose “Other” and say more in the note.

# What dispatch tells
dispatch-done = Workbooks for { $departments } departments: { $path }. Certificates to settle: { $rows } (city only { $city }, province only { $province }, differences { $different }, revoked in the city only { $revoked }); { $decided } of them are decided
dispatch-nothing = there is nothing to settle, and no workbook was written
dispatch-of-incomplete = this run is not complete: the workbooks hold only what was asked so far
dispatch-no-column = this run carries no column { $by }; --by can be one of: { $known }. For another column, add it to `carry` in the job file and run the job again
dispatch-nothing-carried = this run carries no column, so that departments cannot be told apart by { $by }; name the column in `carry` in the job file and run the job again
dispatch-too-many = the column { $by } has more than { $most } values, which are no departments; name the column of the departments with --by
dispatch-changed = { $count } workbooks were changed since they were written, and may have been filled in: { $files }. Collect them, then move them away; or choose another folder with --out
dispatch-long-password = the password has more than { $most } characters, and Excel cannot open such a workbook; choose a shorter one

# What collect tells
collect-done = { $files } workbooks read, { $decisions } decisions: { $new } new or changed, { $same } as before; { $withdrawn } withdrawn
collect-not-whole = { $refused } places were not taken, and { $contradictions } certificates have decisions that contradict each other (named above); all else is taken. Put them right and run the same command again
collect-no-file = there is no file { $path }
collect-nothing-dispatched = nothing was dispatched from the run { $path }; name the folder of the run that the workbooks came from
collect-needs-password = { $file }: the workbook is encrypted; give its password with --password-file. It may also have a protected structure: take that off under “Review” and save it again. Nothing of it is taken
collect-wrong-password = { $file }: the password is wrong; nothing of it is taken. Ask the department whether it changed the password
collect-not-decrypted = { $file }: it cannot be decrypted ({ $cause }); nothing of it is taken
collect-no-list = { $file }: no list of a dispatched workbook is in it; nothing of it is taken. It may be another workbook, or its hidden first column (the row keys) was deleted; ask the department to fill in the original
collect-other-run = { $file } [{ $sheet }]: this workbook is of another run and is not taken; collect it with that run's folder
collect-list-unknown = { $file } [{ $sheet }]: the key in the header was changed; the list is not taken. Ask the department to fill in the original
collect-no-header = { $file } [{ $sheet }]: the header was deleted; the list is not taken. Copy the header row back from the original
collect-no-decision-column = { $file } [{ $sheet }]: there is no column of decisions; the list is not taken
collect-column-missing = { $file } [{ $sheet }]: the column { $column } is missing, so that changes in it cannot be seen
collect-row-unreadable = { $file } [{ $sheet }] row { $row }: it cannot be read. { $reason }
collect-row-without-key = { $file } [{ $sheet }] row { $row }: the row was added, and does not say which certificate is meant; it is not taken
collect-key-unknown = { $file } [{ $sheet }] row { $row }: its key is not valid (it was changed, or the row is of no dispatched workbook); it is not taken
collect-row-of-other-run = { $file } [{ $sheet }] row { $row }: it was copied from a workbook of another run; it is not taken
collect-row-from-elsewhere = { $file } [{ $sheet }] row { $row }: it was copied from another department's workbook; the decision is taken, please check it
collect-cell-changed = { $file } [{ $sheet }] row { $row }: the locked cell { $cell } ({ $column }) was changed; the decision is taken, the change is not
collect-cell-changed-alone = { $file } [{ $sheet }] row { $row }: the locked cell { $cell } ({ $column }) was changed; the change is not taken
collect-row-renamed = { $file } [{ $sheet }] row { $row }: the cell { $cell } ({ $column }), which tells the certificate, was changed, so that it is not sure which one is meant; the row is not taken. Put the cell back; where it is wrong, choose “Data wrong” and say so in the note
collect-note-alone = { $file } [{ $sheet }] row { $row }: it has a note and no decision; it is not taken
collect-unknown-decision = { $file } [{ $sheet }] row { $row }: “{ $text }” in the cell { $cell } is no decision of the list; it is not taken
collect-certificate-gone = { $file } [{ $sheet }] row { $row }: this run's tables do not have the certificate any more (they were rebuilt); the decision is kept until it turns up again
collect-contradiction = Decisions about one certificate contradict each other, and none of them counts: { $places }. Put one of them right, then collect that file again
collect-place = { $file } [{ $sheet }] row { $row } “{ $decision }”

# How far departments have come
sheet-handling = Handling
handling-rest = Other departments
handling-carried = { $decision } (from { $run })
handling-earlier-unreadable = the decisions of the previous run { $run } cannot be read: { $cause }; what was known of them before stands
