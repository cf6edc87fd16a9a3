import CeleryCore

extension TaskOptionKey {
    /// How often a task may begin, and how many at once.
    static let limits: [TaskOptionKey] = [
        TaskOptionKey(
            name: "rate_limit", placeholder: "N/s|N/m|N/h", defaultText: nil,
            help: "How often it may begin, evenly spread; `unlimited` is as often as it comes. On SQLite all workers of the file count together, elsewhere each by itself."
        ) { text, options in
            guard let rate = RateSetting(text) else { return "must be a rate such as 10/s, 100/m or 5/h, or unlimited, not \"\(text)\"" }
            options.rateLimit = rate
            return nil
        },
        TaskOptionKey(
            name: "concurrency", placeholder: "N", defaultText: "unlimited",
            help: "How many of it may run at once: together in all workers that keep messages or results in the same SQLite file, elsewhere in each worker by itself."
        ) { text, options in
            if text == "unlimited" {
                options.concurrency = nil
                return nil
            }
            return whole(text, 1...100_000, or: " or `unlimited`") { options.concurrency = $0 }
        },
        TaskOptionKey(
            name: "concurrency_key", placeholder: "ARGUMENT", defaultText: "none",
            help: "Counts concurrency for each value of this argument: the name of a keyword argument, or the place of a positional one, from 0; `none` counts all together. The header concurrency_key of a message goes before it."
        ) { text, options in
            guard !text.isEmpty else { return "must name an argument" }
            options.concurrencyKey = text == "none" ? nil : text
            return nil
        },
    ]
}
