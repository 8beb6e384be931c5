# Whole files
workbook-unreadable = The file cannot be read ({ $error }). Check that no other program holds it and that you may read it.
workbook-empty-file = The file is empty (0 bytes). Export it or have it sent again.
workbook-zeros = The file holds nothing but zero bytes: a download or a copy was probably interrupted. Download it or have it sent again.
workbook-unknown = The content of the file is not that of any table. If your organisation uses document encryption (data loss prevention), the file may still be encrypted: export a decrypted copy on a machine that has that program. Otherwise export the list again as xlsx or csv.
workbook-is-other = Whatever its name says, the file is { $what } and cannot be read as a table. Provide the list as xlsx, xls, ods or csv.
workbook-kind-access = an Access database (export the table of the list from Access as xlsx)
workbook-kind-archive = an archive (archives are not unpacked: unpack it and list the tables in it in the job)
workbook-kind-dbf = a table of dBASE or FoxPro (DBF; open it in Excel or WPS and save it as xlsx)
workbook-kind-dif = a DIF exchange file (open it in Excel or WPS, save it as xlsx, and check that the last digits of the numbers have not become 0)
workbook-kind-flat-ods = an OpenDocument spreadsheet in a single XML file (open it in LibreOffice and save it as ods or xlsx)
workbook-kind-json = JSON data (export xlsx or csv from the source system)
workbook-kind-numbers = a Numbers spreadsheet (in Numbers, choose File, Export To, Excel)
workbook-kind-parquet = a Parquet file (export csv with the program that wrote it)
workbook-kind-sql = an SQL script (export the list from the database as csv or xlsx)
workbook-kind-sqlite = an SQLite database (export the table of the list as csv)
workbook-kind-sylk = a SYLK exchange file (open it in Excel or WPS, save it as xlsx, and check that the last digits of the numbers have not become 0)
workbook-kind-uof = a document in the Uniform Office Format (UOF; open it in WPS or Yozo Office and save it as xlsx)
workbook-kind-utf32 = a web page in UTF-32 (export xlsx or csv from the source system)
workbook-kind-mail = an e-mail message
workbook-kind-ofd = an OFD document
workbook-kind-pdf = a PDF document
workbook-kind-picture = a picture
workbook-kind-program = a program
workbook-kind-shortcut = a shortcut (provide the file that it points to)
workbook-kind-slides = a presentation
workbook-kind-word = a Word or text document
workbook-kind-xml = an XML document of no table format
workbook-old-excel = This is a workbook of Excel 4 or earlier, or a bare xls file that a system wrote without a container; it cannot be read. Open it in Excel or WPS, save it as xlsx, and check that the last digits of the numbers have not become 0.
workbook-is-text = The file is called a workbook but holds text, and was read as text. Do not open and save it in Excel: numbers of 18 digits lose their end. Calling it .csv is enough.
workbook-is-markup = The file is called a workbook but holds a web page or an XML table, and the tables in it were read.

# Passwords and permissions
workbook-password = The workbook is encrypted, so its data cannot be read. If a password is asked for on opening: open it in Excel or WPS, clear the password under File, Info, Protect Workbook, Encrypt with Password, and save. If none is asked for: its structure is protected or it is read-only (write-protected), and Excel encrypts it with the built-in default password { $password }; remove Protect Workbook under Review, clear the password to modify under Save As, Tools, General Options, and save.
workbook-ods-password = The ods file has a password, so its data cannot be read. Open it in LibreOffice or WPS and save it without a password.
workbook-zip-password = The file is a zip archive with a password, so its data cannot be read. Unpack it with the password and list the unpacked files in the job.
workbook-rights = The workbook is restricted by rights management (IRM); only people with permission can open it. Have one of them open it, choose Unrestricted Access under File, Info, Protect Workbook, Restrict Access, and save a copy.
workbook-guarded = The file looks encrypted by a document protection (data loss prevention) program and cannot be opened elsewhere. Decrypt it on a machine that has that program and export a plain copy.

# Damage and limits
workbook-archive-damaged = The workbook is damaged or incomplete (it is no whole zip archive). Have it sent or exported again.
workbook-xls-damaged = The xls workbook is damaged or incomplete. Open it in Excel or WPS, check that all rows are there, and save it as xlsx; if it does not open, have it sent again.
workbook-xls-too-large = The xls file is larger than { $most } MiB and is not opened. Save it as xlsx in Excel or WPS.
workbook-too-spread = The filled cells of the workbook lie too far apart (something was probably typed into the last row or column); it is not opened. Delete what is no part of the list and save it as xlsx.
workbook-too-many-repeats = The repeated cells of the sheet { $sheet } stand for more cells than any list has; it is not opened. Delete the rows and columns that are no part of the list and save it again.
workbook-too-many-parts = The file has { $parts } parts, more than any workbook; it is not opened.
workbook-unfolds-too-far = { $part } unfolds to { $size } MiB, which no list of codes does; it is not opened.
workbook-part-damaged = The workbook is damaged ({ $part }). Open it in Excel or WPS, check that all data is there, and save it as xlsx; if it does not open, have it sent again.
workbook-part-missing = The workbook is incomplete: { $part } is missing. Have it sent again.
workbook-part-endless = A text in the workbook is longer than that of any cell ({ $part }); it is not read. Have it exported again.
workbook-too-much-text = The texts of all cells of the workbook together are more than 512 MiB. Split it into several files.
workbook-compression-method = The content of the workbook is compressed with { $method }, which no spreadsheet program uses, and cannot be read. Unpack it and pack it again as a standard zip (Deflate), or open it in Excel or WPS and save it as xlsx.
workbook-compression = The workbook is compressed in an unusual way that cannot be read. Open it in Excel or WPS and save it as xlsx.

# Sheets
workbook-no-such-sheet = There is no sheet named { $sheet }. The workbook has: { $sheets }
workbook-no-such-place = There is no sheet number { $place }. The workbook has: { $sheets }
workbook-sheet-hidden = The sheet is hidden and was not read. To have it read, name it under sheet in the job file.
workbook-sheet-very-hidden = The sheet is hidden so that only a macro can show it, and was not read. To have it read, name it under sheet in the job file.
workbook-sheet-of-chart = The sheet is a chart without cells and was not read.
workbook-sheet-of-dialog = The sheet is a dialog without cells and was not read.
workbook-sheet-of-macros = The sheet holds macros, not data, and was not read.
workbook-sheet-missing = The workbook lists the sheet, but its content is not there. Open it in Excel or WPS, check it, and save it again.
workbook-sheet-damaged = The content of the sheet is damaged and was not read. Open it in Excel or WPS, check that all rows are there, and save it; if it does not open, have it sent again.
workbook-sheet-damaged-after = What follows row { $row } is damaged and cannot be read. Open it in Excel or WPS, check that all rows are there, and save it; if it does not open, have it sent again.
workbook-sheet-endless = A text in the sheet is longer than that of any cell; the sheet was not read. Have it exported again.
workbook-sheet-endless-after = A text after row { $row } is longer than that of any cell; what follows was not read. Check that row, or have it exported again.
workbook-too-many-merges = The sheet has more than { $most } merged ranges; the others were not taken as merged. Check them.

# Rows
workbook-cell-outside = Row { $row } has a cell beyond the largest sheet (1048576 rows, column XFD). Open the workbook in Excel or WPS and save it again.
workbook-cell-too-long = The text of cell { $cell } is longer than 32767 characters, which is no cell of Excel. Check it.
workbook-cell-twice = The file has cell { $cell } twice, and it is unknown which one counts. Open it in Excel or WPS, check the cell, and save it again.
workbook-row-too-long = The texts of this row together are more than 256 KiB, which is no row of a list. Check it.
workbook-shared-text-missing = The text of cell { $cell } is not in the file, which may be damaged. Open it in Excel or WPS, check the cell, and save it again.
