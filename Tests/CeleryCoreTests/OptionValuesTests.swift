import Testing

@testable import CeleryCore

@Suite struct OptionValuesTests {
    private let common = CommonOptions.table
    private let call = CallOnlyOptions.table

    private func message(_ headers: JSONObject = [:]) -> Message {
        var message = Message(task: "t", body: MessageBody(bytes: []))
        message.headers = headers
        return message
    }

    /// A value that each row takes, as a line of a batch or an option line has it.
    private static let samples: [String: JSON] = [
        "max_retries": 7, "retry_delay": "1m", "autoretry": [7, "SIGTERM"], "retry_backoff": 2, "retry_backoff_max": 9,
        "retry_jitter": false, "retry_until": "1h", "max_memory": "64m", "time_limit": 30, "soft_time_limit": 20, "queue": "q",
        "priority": 3, "nice": 4, "ignore_result": true, "concurrency_key": "k", "ack": "early", "crash_limit": 2, "max_output": "1k",
        "rate_limit": "10/s", "concurrency": 4, "disable_error_emails": true, "countdown": 5, "eta": "2030-01-01T00:00:00Z", "expires": "2030-01-01T00:00:00Z",
        "exchange": "e", "routing_key": "r", "callback_url": "https://a/b", "headers": ["h": 1],
    ]

    @Test func `without anything said they are empty, and a message says nothing`() {
        #expect(OptionValues().isEmpty)
        #expect(OptionValues(saidBy: message(["foo": 1, "retry_delay": nil, "max_retries": "many"])).isEmpty)
    }

    @Test func `what makes no sense in a message is not heard, whatever the option`() {
        let headers = TaskOptionTable.all.filter { $0.header != nil && $0.overrides }
        #expect(OptionValues(saidBy: message(JSONObject(headers.map { ($0.name, ["no": "sense"]) }))).isEmpty)
        #expect(OptionValues(saidBy: message(JSONObject(headers.map { ($0.name, nil) }))).isEmpty)
    }

    @Test func `what is said last counts, and equality does not heed the order`() {
        var first = OptionValues()
        first[common.retryDelay] = .seconds(1)
        first[common.queue] = "a"
        var second = OptionValues()
        second[common.queue] = "a"
        second[common.retryDelay] = .seconds(2)
        #expect(first != second)
        first.merge(second)
        #expect(first == second && first.hashValue == second.hashValue)
        #expect(first[common.retryDelay] == .seconds(2))
        first[common.queue] = nil
        #expect(first[common.queue] == nil && first.options.map(\.name) == ["retry_delay"])
    }

    @Test(arguments: TaskOptionTable.rows(at: .calls).filter { $0.header != nil || $0.hasReadableField }.map(\.name))
    func `what a call says of an option that a worker reads, the worker hears`(name: String) throws {
        let option = try #require(TaskOptionTable.named(name))
        var said = OptionValues()
        try option.read(.json(try #require(Self.samples[name])), at: .batch, into: &said)
        var message = message()
        said.write(to: &message)
        var heard = OptionValues()
        if let header = option.header, let value = message.headers[header] { option.hear(value, into: &heard) }
        option.hear(fieldOf: message, into: &heard)
        #expect(heard == said)
        if option.overrides { #expect(OptionValues(saidBy: message) == said) }
    }

    @Test(arguments: TaskOptionTable.all.map(\.name))
    func `every option is read wherever it may stand, and what is shown of it reads back`(name: String) throws {
        let option = try #require(TaskOptionTable.named(name))
        let sample = try #require(Self.samples[name])
        for place in [OptionPlaces.optionLine, .commandLine, .batch, .beat] where option.places.contains(place) {
            var values = OptionValues()
            let isTyped = place == .batch || place == .beat
            let word: OptionInput = .word(option.form.repeats ? "h=1" : OptionInput.json(sample).displayText)
            try option.read(isTyped ? .json(sample) : word, at: place, into: &values)
            #expect(values.options.count == 1, "\(place.words)")
            guard place == .optionLine, let text = option.text(in: values) else { continue }
            var again = OptionValues()
            try option.read(.word(text), at: place, into: &again)
            #expect(again == values)
        }
    }

    @Test func `no row is without a sample`() {
        #expect(Set(Self.samples.keys) == Set(TaskOptionTable.all.map(\.name)))
    }

    @Test func `fields of the protocol keep their names, and headers of the sender do not hide options`() throws {
        var said = OptionValues()
        for name in ["headers", "time_limit", "soft_time_limit", "queue", "priority", "ignore_result", "exchange", "routing_key", "retry_delay"] {
            try TaskOptionTable.named(name)!.read(.json(Self.samples[name]!), at: .batch, into: &said)
        }
        said[call.headers] = ["h": 1, "retry_delay": 5]
        var message = message()
        said.write(to: &message)
        #expect((message.hardTimeLimit, message.softTimeLimit) == (30, 20))
        #expect(message.route == Route(queue: "q", exchange: "e", routingKey: "r"))
        #expect((message.priority, message.ignoreResult) == (3, true))
        #expect(message.headers == ["h": 1, "retry_delay": 60])
    }

    @Test func `a limit of 0 in a message says nothing, as in Python`() {
        var message = message()
        (message.hardTimeLimit, message.softTimeLimit) = (0, .nan)
        #expect(OptionValues(saidBy: message).isEmpty)
        message.hardTimeLimit = .infinity
        #expect(OptionValues(saidBy: message)[common.timeLimit] == .seconds(1e9))
    }

    @Test func `as an object they are the same again`() throws {
        var said = OptionValues()
        for option in TaskOptionTable.rows(at: .optionLine) where option.name != "retry_until" {
            try option.read(.word(OptionInput.json(try #require(Self.samples[option.name])).displayText), at: .optionLine, into: &said)
        }
        #expect(OptionValues(json: said.json) == said)
        #expect(OptionValues(json: ["unheard": 1, "max_retries": "unlimited"]).options.map(\.name) == ["max_retries"])
    }
}
