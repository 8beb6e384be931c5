# Files and sheets of the inputs
file-problem = { $file }: { $reason }
sheet-problem = { $file } [{ $sheet }]: { $reason }
file-reader-gave-up = is damaged and cannot be read to its end; open it in Excel or WPS, see that no rows are missing, and save it as xlsx; where that fails, have it sent again
no-sheets = there is no sheet in it
no-sheet-read = no sheet of it can be read: { $reasons }
sheet-reason = [{ $sheet }] { $reason }

# Looking for a header
sheet-empty = it is empty
header-row-blank = the job file says that the header is in row { $row }, and that row is blank; correct `header_row`
no-header = no header with a holder code (证件号码) and a certificate type code (证照类型代码) was recognised; found: { $found }; name them in `columns`, or give `defaults`
no-header-rows = no header with a holder code (证件号码) and a certificate type code (证照类型代码) was recognised: none of the first { $rows } rows with content looks like one; name the headers in `columns`
columns-missing = there is no column { $columns }; found: { $found }
columns-missing-rows = there is no column { $columns }; none of the first { $rows } rows with content looks like a header
rows-above-header = { $count } rows of titles or notes stand above the header and are not read as data
header-by-content = not all of the header in row { $row } was recognised; these columns are read by what they hold: { $columns }; check this, and name the right ones in `columns` if they are others
codes-above-header = { $count } rows above the header in row { $row } hold citizen numbers or unified social credit codes, and are listed as invalid: { $rows }; check them: move the header above them if they are data; if they are another table, give it usual headers, or move it to a sheet or file of its own
further-header-unknown = row { $row } looks like the header of another table, but not all of it was recognised; the rows below are still read by the header in row { $header }; check this, and move the table to a sheet or file of its own if its columns are others
further-header = another table begins in row { $row }: its header is different; the rows below are read by it and counted apart
tables-side-by-side = { $count } tables stand side by side in this sheet, and all are read; this is number { $number } (columns { $from } to { $to }), and its rows are counted apart

# Choosing columns
column-named = "{ $header }" (column { $column })
columns-unused = more than one column could be the { $role }: { $chosen } is read, and not { $others }; check this, and name the right one in `columns` if it is another
columns-by-row = more than one column could be the { $role }: { $chosen } comes first; in rows where it is blank, wrong, or not of the kind of holder that the certificate type is issued to, a code that checks is taken from { $others }, and each such row is listed among the repairs; check this, and name the right one in `columns` if only one is meant
columns-named-by-job = as the job's `columns` say, the { $role } is read from { $chosen } and not from { $others }
columns-likely = only { $chosen } could be the holder code, and its header says that it may be somebody else's; check this, and name it as `holder_code` in `columns` if it is right

# Rows
row-list = rows { $rows }
row-list-more = rows { $rows }, and { $more } more
rows-prefilled = { $count } rows hold only a serial number or what the template came with, and no holder code; they count as blank: { $rows }
rows-repeated-header = { $count } rows repeat the header and count as blank: { $rows }
rows-total = { $count } rows are totals and count as blank: { $rows }
rows-title = { $count } rows are titles above a header and count as blank: { $rows }
rows-legend = { $count } rows say how to fill in the columns, number them, or give their names in a program; they are no data and count as blank: { $rows }
rows-remark = { $count } rows are titles of sections, page numbers, signatures or notes; they are no data and count as blank: { $rows }
rows-type-alone = { $count } rows hold only a certificate type or what else the template came with, and no holder code, though rows with codes stand below them; they count as blank: { $rows }; check whether their codes were left out
codes-without-header = { $count } rows have citizen numbers or unified social credit codes in columns without a header ({ $columns }), which are not read: { $rows }; give these columns headers, or move them to a sheet or file of their own if they are another table
merged-empty-rows = merged cells cover { $count } rows that hold nothing else; these are not read as data
merged-own-values = some rows have another value of their own below a merged cell; their own value is read: { $rows }; unmerge the cells and check them
carried-uncalculated = carried columns hold formulas without a value (or with 0 or the empty text alone), which count as blank: { $rows }; open the file in Excel or WPS, let it calculate, save it, and read it again

# What to do about a row that cannot be audited
advice-missing_holder_code = Fill in the holder code (a citizen number or a unified social credit code).
advice-missing_type_code = Fill in the certificate type code (21 characters), or give it in the job's `defaults`.
advice-precision_lost = The code was stored as a number: all digits from the 16th on are lost. Set the column to text, and export it from its source again.
advice-bad_length = Check the length: citizen numbers and unified social credit codes have 18 characters.
advice-bad_character = The code has a character that does not belong there; check it against the original.
advice-bad_check_character = The check character does not fit, so that at least one character is wrong; check it against the original.
advice-bad_birth_date = Characters 7 to 14 are no possible date of birth; check them against the original.
advice-unknown_holder_code_type = The type of the code cannot be told: add a column 持证主体代码类型 with its type code (such as 111, 001, 414) or its name.
advice-code_type_mismatch = The code is not of the type named beside it; check both columns.
advice-bad_type_code = A certificate type code has 21 characters: a credit code with its check character, and three digits; check it against the catalogue.
advice-ambiguous_type_name = Several certificate type codes bear this name; add a column of certificate type codes.
advice-unknown_type_name = The catalogue has no certificate type of this name; fill in the 21-character type code, or correct the name.
advice-unreadable_cell = The cell is the error of a formula; correct the formula, or fill in the value itself.
advice-unreadable_row = The row cannot be read; find it in the source file, correct it, and export it again.
advice-uncalculated = The cell is a formula, and the file has no value for it, or only the 0 or the empty text that the program left which wrote the file. Open the file in Excel or WPS, let it calculate, save it, and submit it again; where the value is still 0 or empty, fill in the value itself, or clear the cell if there is none.
advice-formula-text = The cell holds the text of a formula and not its value. Open the file in Excel or WPS, set the cell to the general format, type the formula again, let it calculate, and save the file; or fill in the value itself.
advice-not-a-code = The cell is a date or a truth value and no code: set the column to text, and fill in the code again.
advice-bad-character-named = Character { $place } ({ $character }) does not belong in a code. It may be invisible, or look like the right one: delete it, and type it again from the original.
advice-bad-type-code-character = The certificate type code has a character that does not belong there: { $where }
advice-old-number = This is an old number of 15 digits, and the platform takes only 18; ask the holder for the new one.
advice-mistyped-or-credit-code = This looks like a mistyped citizen number; check it against the original. If it is a unified social credit code, add a column 持证主体代码类型 that says 001.
advice-unknown-holder-type-word = The type beside the code is not known, and the code itself does not show it. Fill in a usual name such as 居民身份证, 护照 or 营业执照, or one of the platform's types: { $accepted }; other names can be given the codes that they stand for under [catalogue.holder_types] of the job file
advice-choose-type-code = Several certificate type codes bear this name; add a column of certificate type codes, and choose from these: { $types }
code-and-names = { $code } ({ $names })
advice-too-many-fields = The row has { $fields } fields and the header { $columns }, so that its columns may be shifted: most likely a value contains the separator and is not quoted. Correct the row in the source file.
advice-row-above-header = The row stands above the header (row { $row }), so that nothing says what its columns mean, and it is not asked about. Move the header above it; if it belongs to another table, give that usual headers, or move it to a sheet or file of its own.

# The order of rows in a workbook
workbook-rows-sorted = the file does not store its rows in the order of their numbers; they were sorted before they were read
workbook-rows-out-of-order = the file does not store its rows in the order of their numbers (seen at row { $row }), and they are too many to be sorted; open it in Excel or WPS, save it as xlsx, and submit it again
