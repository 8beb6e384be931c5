sandbox-rate = { $name } is a share: it must lie between 0 and 1
sandbox-unknown-name = { $flag } { $name }: there are { $known }
sandbox-duration-range = { $flag } { $text } is not a duration: write it as 5ms, or two as 2ms..10ms
sandbox-duration = { $flag } { $text } is not a duration: write it as 5s or 12h
sandbox-cannot-listen = the sandbox cannot serve on { $address }: { $cause }; choose another address or port with --listen, port 0 for any free one
sandbox-cannot-log = the sandbox cannot open its access log { $path }: { $cause }; choose a place that can be written with --access-log
