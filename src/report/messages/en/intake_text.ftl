# Finding files
files-none = No file matches this path (looked for from { $folder }). Check path in the job file and where the file lies.
files-only-passed-over = All { $count } matches of this path are no lists (such as lock files, hidden files or folders); there is no file to read. Check path, and that the list is in place.
files-bad-pattern = The part { $part } of the path is no valid pattern: brackets come in pairs, and ** stands for whole folders by itself.
files-unreadable = The file cannot be read ({ $error }). Check that it is still there and that you may read it.
files-folder-unreadable = The folder cannot be opened ({ $error }), so the files in it were not read. Grant permission to read it, or exclude it from path.
files-dangling = This is a link, and { $target }, which it points to, is not there or cannot be reached. Restore the target (mount the share again, for example) or delete the link.
files-special = This is no regular file (but a pipe, a device or a socket) and cannot be read as a list. Provide a regular file, or exclude it from path.
files-folder-named = This is a folder, not a file. To read the files in it, write folder/*.xlsx.
files-folder = This is a folder; what is in it was not read. To read that too, use ** in path or name the folder.
files-lock = This is a lock file that Excel, WPS or LibreOffice keeps beside an open file, not a list.
files-of-system = This is a file that the operating system makes by itself, not a list.
files-hidden = This file is hidden, or lies in a hidden folder or a recycle bin, and was not read. To read it, write its whole path in path.
files-other-extension = its extension is not one that path asks for, so it is not read. If it is a list too, add its extension to path, for example *.{ "{" }xlsx,xls,csv{ "}" }.
files-only-other-extensions = no file matches this path, but { $count } files with other extensions lie in the same place. Check the extension in path.
files-same = This is the same file as { $other }, met again through a link; it is read once.
files-read-again = Numbers { $first } and { $second } of [[inputs]] both have this file. It is read for each with its own settings, and most rows of the second reading will count as duplicates. Adjust path if this is not meant.

# How a text file is read
text-layout = Read as { $encoding }; columns are separated by { $separator }.
text-layout-one-column = Read as { $encoding }; there is a single column.
text-separator-comma = commas
text-separator-tab = tabs
text-separator-semicolon = semicolons
text-separator-bar = vertical bars
text-separator-code = control characters { $code }
text-separator-other = “{ $separator }”
text-note-declared = The first line declares the separator ({ $separator }); it was taken, and the line is no data.
text-note-end-mark-at-end = The file ends with the end mark of old programs (Ctrl-Z), which was passed over.
text-unreadable = The file cannot be read ({ $error }). Check that no other program holds it and that you may read it.
text-unreadable-after = What follows line { $line } cannot be read ({ $error }). Check the disk or the network and run again.
text-is-none = The file is called a text but does not hold readable text (from line { $line } on). If your organisation uses document encryption (data loss prevention), export a decrypted copy on a machine that has that program; otherwise export the list again.

# Rows that cannot be read
text-bad-bytes = Line { $line } is damaged at character { $place }. Open the original file in a text editor and correct the line, or export the list again.
text-other-encoding = Line { $line } is in another encoding than the rest of the file (UTF-8 and GBK mixed): two files were probably joined. Export the list again in one encoding; do not open and save it in Excel.
text-zero-bytes = Line { $line } has zero bytes and may be incomplete. Check the line, or export the list again.
text-end-mark = Line { $line } has an end mark (Ctrl-Z) in its midst, with more text after it. Check the line and delete that character.
text-too-long = Line { $line } is too long (more than 1 MiB, or more than 16384 columns) for a row of a list. Check line ends and separators.
text-stray-mark = The quotation marks of line { $line } do not pair, so its columns cannot be told apart. Open the file in a text editor and add or delete a mark.

# Lines that a person should look at
text-note-bad-bytes = Lines with damaged characters: { $count } ({ $lines }).
text-note-other-encoding = Lines in another encoding than the rest of the file (UTF-8 and GBK mixed): { $count } ({ $lines }).
text-note-zero-bytes = Lines with zero bytes: { $count } ({ $lines }).
text-note-end-mark = Lines with an end mark (Ctrl-Z) in their midst: { $count } ({ $lines }).
text-note-too-long = Lines that are too long and were not read: { $count } ({ $lines }).
text-note-stray-mark = Lines whose quotation marks do not pair and that were not read: { $count } ({ $lines }).
text-note-mark-as-written = Lines whose quotation marks do not pair and were read as ordinary characters; check them: { $count } ({ $lines }).
text-note-wrapped = Lines that stand in quotation marks as a whole and were split within; check them: { $count } ({ $lines }).
text-note-wide-separators = Lines that mix separators of full and half width, all of which were taken for separators; check them: { $count } ({ $lines }).
text-note-header-separator = the header has another separator than the lines below; each was split by its own, please check: { $lines } ({ $count } in all).
text-note-rules = { $count } lines are rules or row counts that a database program prints; they count as blank: { $lines }.
text-note-padding = in { $count } lines zero bytes that filled up fields were taken out: { $lines }.
text-note-rare-ends = { $count } lines end with a rare line end (NEL, U+2028, line tabulation or page break); they are lines of their own and are counted so, please check: { $lines }.
text-note-over-lines = Records that take up several lines because of line breaks in cells: { $count } (they begin in { $lines }).

# Web pages and XML tables
markup-page = Read as a web page in { $encoding }; tables with content: { $tables }.
markup-workbook = Read as an XML workbook of Excel 2003 in { $encoding }; sheets: { $sheets }.
markup-unreadable = The file cannot be read ({ $error }). Check that no other program holds it and that you may read it.
markup-no-table = This is a web page without a table. It may be a login page or an error page: log in to the source system again and export the list once more.
markup-frames = This is a web page whose tables are in other files that it refers to (usually in a folder of the same name with .files). Export xlsx or csv from the source system, or list the files sheet001.htm and so on of that folder in the job.
markup-page-cut-off = The web page ends within a table. It was probably not downloaded whole, and rows may be missing. Export it again and check the number of rows.
markup-workbook-cut-off = This is an XML workbook of Excel 2003 that ends before it is complete; rows may be missing. Export it or have it sent again.
markup-archive-damaged = This is a web archive (MHT) whose pages cannot be decoded. Export xlsx or csv from the source system.
markup-archive-too-large = This is a web archive (MHT) of more than { $most } MiB and is not opened. Export xlsx or csv from the source system.
markup-too-many-tables = The web page has more than { $most } tables, or tables too deep within each other; the others were not read. Check them.
markup-too-many-merges = The table has more than { $most } merged ranges; the others were not taken as merged. Check them.
markup-sheet-hidden = The sheet is hidden and was not read. To have it read, unhide it and save the file.
markup-cut-off = Row { $row } is not complete: the file ends within it. Export it again and check the number of rows.
markup-bad-bytes = Row { $row } has damaged characters. Check the row, or export the list again.
markup-cell-too-long = A cell of row { $row } has more than 32767 characters, which is no cell of Excel. Check it.
markup-row-too-long = The texts of row { $row } together are more than 1 MiB, which is no row of a list. Check it.
markup-cell-twice = Row { $row } or a cell of it stands where another one is, and it is unknown which one counts. Export the list again.
markup-too-many-columns = Row { $row } has cells beyond the largest sheet (16384 columns). Check it.
markup-too-many-rows = Row { $row } lies beyond the largest sheet (1048576 rows). Export the list as csv or xlsx.
