# Choosing columns by what stands in them
columns-by-content = { $chosen }的表头不在已知的写法中，但这一列都是校验通过的代码，且与证照类型的持证主体相符，因此取作持证主体代码；{ $other }与证照类型不符，没有读取。请核对；要用后者，请在任务文件的 columns 中写明 holder_code。
columns-codes-unread = 还有校验通过的证件号码写在{ $others }，因为认不出表头，没有读取；持证主体代码采用了{ $chosen }。请核对；要换一列，请在任务文件的 columns 中写明 holder_code。
columns-types-unread = 还有证照类型代码写在{ $others }，因为认不出表头，没有读取；证照类型代码采用了{ $chosen }。同一行要查几种证照的，请拆成几行，每行一个类型代码；要换一列，请在任务文件的 columns 中写明 cert_type_code。
duplicates-differ = 有的行因为没有证照编号而按重复计，但它们在{ $columns }里填的内容不同，可能是不同的证照：{ $rows }。如果这一列就是证照编号，请在任务文件的 columns 中用 certificate_number 写明。

# Rows and tables with nothing to audit
types-named-otherwise = 有的行证照名称与证照类型代码不是同一种证照，已按代码查询：{ $rows }。请核对是代码还是名称填错了。
rows-example = { $count } 行写着“示例”“样例”，按模板里的填写示例处理，没有查询，按空行计：{ $rows }。如果是真实数据，请删去“示例”字样。
table-without-rows = 表头下面没有数据。请核对交来的是不是填好的文件，数据是不是在别的工作表里。
table-only-prefilled = 表头下面只有序号或模板预先填好的内容，没有一个证件号码。请核对交来的是不是没有填写的模板，或者号码填在了别的列里。

# What to do about a row that cannot be audited
advice-bad-character-shown = 第 { $place } 个字符“{ $shown }”（{ $character }）不应出现在代码中，请按原件改正。
advice-scientific = 代码变成了科学计数法（如 1.23457E+11），后面的几位已丢失，不可恢复。请在源文件中将该列设为文本格式后重新导出。
advice-two-numbers = 一个单元格里写了两个（或更多）号码。请拆成多行，每行一个号码，证照类型等各列照抄。
advice-choose-holder-type = 所填的代码类型可以指几种证件，号码本身分辨不出。请改填其中一种的代码：{ $types }

# What was changed
repair-ditto = “同上”换成上一行的值
repair-number_form = 按数字写成的编号（如 123.0）还原为整数
