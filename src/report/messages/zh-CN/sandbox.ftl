sandbox-rate = { $name } 是一个比例，必须在 0 到 1 之间
sandbox-unknown-name = { $flag } 中的 { $name } 不是可用的名称，可用的有：{ $known }
sandbox-duration-range = { $flag } 的值 { $text } 不是时长，请写成 5ms 或 2ms..10ms 的形式
sandbox-duration = { $flag } 的值 { $text } 不是时长，请写成 5s 或 12h 的形式
sandbox-cannot-listen = 模拟平台无法在 { $address } 上提供服务：{ $cause }。请换一个地址或端口（--listen），端口写 0 表示任选一个空闲端口
sandbox-cannot-log = 模拟平台无法打开访问日志 { $path }：{ $cause }。请换一个可以写入的位置（--access-log）
