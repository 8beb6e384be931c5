# What the province is told
remedy-action-insert = insert
remedy-action-update = update
remedy-action-delete = delete
remedy-state-intended = no answer
remedy-state-answered = accepted, to be verified
remedy-state-settled = settled
remedy-state-not_settled = accepted, no effect yet
remedy-state-contradicting = contradicted by the province's library
remedy-state-refused = refused
decision-conflicting = conflicting

# Why it is told, or is not
remedy-only-city = only the city has this certificate, and it is valid there
remedy-only-city-likely = only the city has this certificate, and it is valid there; the province has one that is likely the same under another number: check the number first
remedy-differs = the two libraries differ in { $count } places, and the decision is to update the province
remedy-differs-undecided = the two libraries differ in { $count } places; nobody has decided to update the province
remedy-void = revoked in the city and still valid in the province, and the decision is to void it there
remedy-void-undecided = revoked in the city and still valid in the province; nobody has decided to void it there
remedy-unanswered = the last notification had no answer: on sending, it is first found out whether it took effect, and only if not it is sent again
remedy-no-city = the city does not have this certificate, so there is nothing to tell the province
remedy-neither = neither library has this certificate
remedy-unknown = the query failed, nothing is known; ask again with run --retry-failed
remedy-pending = not asked yet; finish the run first
remedy-not-compared = a face could not be fetched, so the two were not compared
remedy-city-unknown = only the city has it, but its state there is not known (depth existence, or its face could not be fetched)
remedy-city-not-valid = only the city has it, but its state there is “{ $state }”
remedy-decided-otherwise = the decision is “{ $decision }”
remedy-decisions-conflict = there are conflicting decisions about this certificate; have the departments agree, then collect again
remedy-unfit-insert = the decision is to collect it, but the province already has this certificate
remedy-unfit-update = the decision is to update the province, but the two libraries do not differ
remedy-unfit-delete = the decision is to void it in the province, but it is not revoked in the city and valid in the province
remedy-type-left-out = the certificate type is not among remediate.types
remedy-not-allowed = the job does not allow it: remediate.allow lacks "{ $action }"
remedy-no-file-number = it has no file number (fileNumber) in the city
remedy-no-province-id = it has no identifier (certIdentifier) in the province, so no update can name it
remedy-same-certificate = the same certificate as a row before; it is told once
remedy-told = the province was told in this run ({ $state })
remedy-told-before = an earlier run told the province { $days } days ago, no more than { $most } days; it is not told again

# What the province's library shows against it
remedy-other-identifier = the province holds this number, but not under the identifier that the insert was answered with; a person has to look
remedy-province-lost = after the update was told, the province no longer has this certificate; a person has to look
remedy-city-lost = after the update was told, the city no longer has this certificate; a person has to look
remedy-other-state = after the delete was told, the certificate's state in the province is “{ $state }”; a person has to look

# The command
remediate-other-platform = this run audited the platform { $audited }, and the job now names { $now }; identifiers are valid on the audited platform alone: restore platform.base_url, or audit again
remediate-of-incomplete = this run is not complete; only what is known so far is dealt with
remediate-embedded = the job uses the embedded stand-in: what it is told holds for this command alone, and no later audit sees it; to see effects, run ecert-audit sandbox by itself and let platform.base_url name it
remediate-too-many = { $count } notifications are to be sent, more than remediate.max_actions ({ $most }); check first that the audit can be trusted, then raise the limit, or send part of them with --plan
remediate-marks-ignored = { $count } marks were changed in { $path } and would be ignored without --plan; add --plan { $path }, or move the file away
remediate-overtaken = { $count } rows that the plan marks to be executed are withheld now (told already, or decided otherwise since) and were not sent; remediation.xlsx says why
remediate-nothing = there is nothing to tell the province
remediate-nothing-open = no notification is to be verified
remediate-waiting = waiting { $seconds } s before asking what took effect
remediate-count = { $state } { $count }
remediate-counts = { $action }: { $counts }
remediate-not-whole = { $count } notifications have no answer (tables/remedies.parquet says why); run again with --confirm: it first finds out which took effect, and sends only the others
remediate-not-chosen = { $count } earlier notifications have no answer and were not chosen this time; the province was asked about them, and those without effect are still listed in remediation.xlsx
remediate-all-refused = the platform refused every notification that was sent ({ $count }; tables/remedies.parquet says why); check permissions and file numbers with the platform
remediation-head = Remediation of { $job } · { $run }
remediation-action = { "  " }{ $action }: { $proposed } to be sent, { $undecided } undecided
remediation-withheld = { "  " }{ $count } rows are left alone
remediation-over = { "  " }{ $count } notifications are more than remediate.max_actions ({ $most }): sending them will be refused
remediation-written = The province was not told anything. { $path } lists every notification with its reason, and why other rows are left alone; send with --confirm, or mark rows there and name the file with --plan

# The workbook to decide in
sheet-remediation-actions = To be sent
sheet-remediation-others = Left alone
col-remediation-mark = Execute
col-remediation-key = Row key
col-remedy-action = Action
col-remedy-reason = Reason
col-file-number = City file number
col-cert-identifier = Province identifier
remediation-mark-execute = execute
remediation-mark-skip = skip
remediation-mark-choice = Choose execute or skip from the list, or leave the cell empty.
remediation-note-marks = The first column of “To be sent” decides whether the province is told: execute or skip; an empty cell is no decision. Leave the other columns as they are.
remediation-note-sent = With this file as --plan and with --confirm, exactly the rows marked execute are sent.
remediation-note-confirm = Without --plan, inserts are sent unless somebody decided against them; updates and deletes only where a department decided for them.
remediation-note-rows = Rows may be sorted, filtered and deleted; the row key (collapsed) finds the row again: do not change it or copy it to another row.
remediation-note-others = “Left alone” lists the other gaps and differences, and why the province is not told.
remediation-unreadable = cannot read { $file }: { $cause }; repair the file, or move it away
remediation-no-list = { $file } has no sheet “To be sent” or 拟办事项: it is no workbook of remediate
remediation-row-problem = { $file } [{ $sheet }] row { $row }: { $problem }
remediation-mark-unknown = the mark is “{ $mark }”; it can be execute, skip, or empty
remediation-row-without-key = the row has no key, so it names no certificate; copy the whole row from the original, or delete it
remediation-row-twice = the same notification as row { $row }, marked otherwise; keep one of the rows
remediation-row-foreign = no row of this run, or its key was changed; use the remediation.xlsx of this run

# The report
notified-earlier-unreadable = what the previous run { $run } told the province cannot be read, for the reason in the next line; what was known of it before stands
sheet-remedies = Remedies
col-remedy-state = Result
col-sent-at = Sent ({ $zone })
col-verified-at = Verified ({ $zone })
col-notified = Told to the province
notified-before = told on { $day } ({ $action }), { $days } days ago
notified-overdue = told on { $day } ({ $action }), { $days } days ago, overdue
