# Choosing columns by what stands in them
columns-by-content = The header of { $chosen } is in no list, but the column is full of codes that check and are of the kind of holder that the certificate types are issued to, so that it was taken for the holder code; { $other } does not fit the types and was not read. Please check; to use the latter, name it as holder_code in the job's columns.
columns-codes-unread = Codes that check also stand in { $others }, which was not read because its header is not known; the holder code was taken from { $chosen }. Please check; to use another column, name it as holder_code in the job's columns.
columns-types-unread = Certificate type codes also stand in { $others }, which was not read because its header is not known; the type code was taken from { $chosen }. Where one row stands for several certificates, make a row for each type code; to use another column, name it as cert_type_code in the job's columns.
duplicates-differ = Some rows count as duplicates because they have no certificate number, but what they hold in { $columns } differs, so that they may be different certificates: { $rows }. If that column is the certificate number, name it as certificate_number in the job's columns.

# Rows and tables with nothing to audit
types-named-otherwise = Some rows name another certificate type than their type code stands for, and were audited by the code: { $rows }. Please check whether the code or the name is wrong.
rows-example = { $count } rows say 示例 or 样例 and were taken for examples of the template: they were not audited and count as blank: { $rows }. If they are real, delete that word.
table-without-rows = There is no data below the header. Please check that this is the file that was filled in, and that the data is not in another sheet.
table-only-prefilled = Below the header are only serial numbers or what the template came with, and no holder code. Please check that this is not a template that nobody filled in, and that the codes are not in another column.

# What to do about a row that cannot be audited
advice-bad-character-shown = Character { $place }, “{ $shown }” ({ $character }), does not belong in a code: correct it from the original.
advice-scientific = The code is in scientific notation (such as 1.23457E+11): its last digits are lost. Set the column to text in its source, and export it again.
advice-two-numbers = The cell holds two numbers or more: make a row for each of them, and copy the type and the other columns.
advice-choose-holder-type = The type beside the code stands for several documents, and the code itself does not show which. Fill in the code of one of them: { $types }

# What was changed
repair-ditto = 同上 replaced by the value of the row above
repair-number_form = number written with decimals (123.0) made whole
