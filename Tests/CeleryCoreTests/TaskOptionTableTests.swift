import Testing

@testable import CeleryCore

@Suite struct TaskOptionTableTests {
    @Test func `lists every row of its blocks, in order`() {
        let blocks: [Any] = [CommonOptions.table, TaskOnlyOptions.table, CallOnlyOptions.table]
        let rows = blocks.flatMap { Mirror(reflecting: $0).children.compactMap { $0.value as? any AnyTaskOption } }
        #expect(rows.map(\.name).sorted() == TaskOptionTable.all.map(\.name).sorted())
        #expect(rows.count == rows.count { TaskOptionTable.named($0.name) === $0 })
    }

    @Test func `every name, every option of the command line and every header is there once`() {
        let names = TaskOptionTable.all.flatMap(\.names)
        #expect(Set(names).count == names.count)
        let options = TaskOptionTable.rows(at: .commandLine)
        #expect(Set(options.map(\.long)).count == options.count)
        #expect(Set(options.compactMap(\.form.short)).count == options.count { $0.form.short != nil })
        let headers = TaskOptionTable.all.compactMap(\.header)
        #expect(Set(headers).count == headers.count)
    }

    @Test(arguments: TaskOptionTable.all.map(\.name))
    func `a row is complete`(name: String) throws {
        let option = try #require(TaskOptionTable.named(name))
        #expect(!option.places.isEmpty)
        for help in [option.help, option.callHelp] {
            #expect(help.hasSuffix(".") && !help.contains("\n") && help.first?.isLowercase != true || help.hasPrefix("`"))
        }
        for name in option.names { #expect(name.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F }, "\(name)") }
        #expect(!option.placeholder.isEmpty && !option.commandPlaceholder.isEmpty && !option.fileValue.isEmpty)
        // What only the task says does not travel, and what a call says arrives.
        if option.places.isDisjoint(with: .calls) { #expect(option.header == nil && !option.hasReadableField) }
        if case .value(let text) = option.fallback, option.places.contains(.optionLine) {
            var values = OptionValues()
            try option.read(.word(text), at: .optionLine, into: &values)
            option.removeDefault(from: &values)
            #expect(values.isEmpty, "\(name)=\(text) is not the default")
        }
    }

    @Test func `the blocks say where their rows may stand`() {
        #expect(CommonOptions.table.rows.allSatisfy { $0.places == .everywhere })
        #expect(TaskOnlyOptions.table.rows.allSatisfy { $0.places == .optionLine })
        #expect(CallOnlyOptions.table.rows.allSatisfy { !$0.places.contains(.optionLine) && $0.places.isSuperset(of: [.commandLine, .batch]) })
    }

    @Test func `the headers keep the names that messages have`() {
        #expect(
            TaskOptionTable.all.compactMap(\.header) == [
                "max_retries", "retry_delay", "autoretry", "retry_backoff", "retry_backoff_max", "retry_jitter", "retry_until",
                "max_memory", "nice", "concurrency_key", "callback_url",
            ])
    }

    @Test func `a word that may not stand at a place says where it may`() {
        #expect(
            TaskOptionTable.complaint(about: "ack", at: .beat)
                == "is allowed in the option line of a task, not in the options of a periodic task")
        #expect(
            TaskOptionTable.complaint(about: "eta", at: .optionLine)
                == "is allowed in the command line of celery apply or a line of a batch, not in the option line of a task")
        #expect(TaskOptionTable.complaint(about: "retry_dely", at: .beat) == "is not known; did you mean 'retry_delay'?")
        #expect(TaskOptionTable.complaint(about: "xyzzy", at: .beat) == "is not known")
    }
}
