import CeleryCore
import Schedules

/// Reads task options from comments in a program's source:
///
///     #!/bin/sh
///     # celery: max_retries=5 retry_delay=10m queue=images
///     # celery: crontab="*/5 * * * *" missed=skip
///
/// An option line is a comment that begins with `#`, `//`, `--`, `;`, `%` or `"`, within the first 50 lines and 8 KiB
/// of the file. Options of several such lines are combined. Binary files have none.
package enum TaskOptionLine {
    /// Number of lines that are searched.
    package static let maximumLines = 50
    /// Number of bytes that are searched.
    package static let maximumBytes = 8_192

    /// Reads the options in the first bytes of a file. Returns them with their problems.
    ///
    /// - Parameter file: The name of the file in problems.
    package static func options(in head: some Collection<UInt8>, file: String) -> (TaskOptions, [TaskProblem]) {
        var options = TaskOptions()
        let bytes = head.prefix(maximumBytes)
        // Text contains no NUL; binary formats such as ELF contain one near the beginning.
        guard !bytes.contains(0) else { return (options, []) }
        var problems: [TaskProblem] = []
        var periodic = PeriodicDraft()
        var given: [String: Int] = [:]
        let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: maximumLines, omittingEmptySubsequences: false)
        for (index, line) in lines.prefix(maximumLines).enumerated() {
            guard let words = words(of: line) else { continue }
            guard words.isBalanced else {
                problems.append(TaskProblem(file: file, line: index + 1, "a quotation mark is unbalanced"))
                continue
            }
            for word in joined(words) {
                if let complaint = take(word, into: &options, &periodic, &given, line: index + 1) {
                    problems.append(TaskProblem(file: file, line: index + 1, complaint))
                }
            }
        }
        if let hard = options.timeLimit, let soft = options.softTimeLimit, soft >= hard, problems.isEmpty {
            problems.append(
                TaskProblem(
                    file: file, line: given["soft_time_limit"],
                    "soft_time_limit must be less than time_limit, or the task is killed before it is told to stop"))
        }
        if let complaint = limitComplaint(options), problems.isEmpty {
            problems.append(TaskProblem(file: file, line: given["concurrency"] ?? given["concurrency_key"], complaint))
        }
        do throws(ScheduleError) {
            if problems.isEmpty { options.periodic = try periodic.options() }
        } catch {
            let line = PeriodicKey.all.compactMap { given[$0.name] }.min()
            problems.append(TaskProblem(file: file, line: line, "is not a valid periodic task: \(error)"))
        }
        return (options, problems)
    }

    /// Checks that the options of concurrency are consistent.
    private static func limitComplaint(_ options: TaskOptions) -> String? {
        options.concurrency == nil && options.concurrencyKey != nil ? "concurrency_key needs concurrency" : nil
    }

    /// The words after `celery:`; `nil` if the line is not an option line.
    private static func words(of line: some Collection<UInt8>) -> OptionWords? {
        let blank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        var rest = line.drop(while: blank)
        guard let leader = rest.first, "#/-;%\"".utf8.contains(leader) else { return nil }
        let run = rest.prefix { $0 == leader }.count
        if (leader == UInt8(ascii: "/") || leader == UInt8(ascii: "-")) && run < 2 { return nil }
        rest = rest.dropFirst(run).drop(while: blank)
        guard rest.starts(with: "celery:".utf8) else { return nil }
        return OptionWords(rest.dropFirst("celery:".utf8.count))
    }

    /// Joins the elements of list options: `autoretry=1,7` was split into `autoretry=1` and `7`.
    private static func joined(_ words: OptionWords) -> [String] {
        var joined: [String] = []
        for (word, followsComma) in zip(words.words, words.followsComma) {
            if followsComma, !word.contains("="), let last = joined.last, let equals = last.firstIndex(of: "="),
                TaskOptionTable.named(String(last[..<equals]))?.isList == true
            {
                joined[joined.count - 1] += ",\(word)"
            } else {
                joined.append(word)
            }
        }
        return joined
    }

    /// Stores the option of one `key=value`. Returns an error text, or `nil`.
    private static func take(
        _ word: String, into options: inout TaskOptions, _ periodic: inout PeriodicDraft, _ given: inout [String: Int],
        line: Int
    ) -> String? {
        guard let equals = word.firstIndex(of: "="), equals > word.startIndex else {
            return "'\(word)' is not an option; write key=value"
        }
        let name = String(word[..<equals])
        let value = String(word[word.index(after: equals)...])
        let option = TaskOptionTable.named(name).flatMap { $0.places.contains(.optionLine) ? $0 : nil }
        let periodicKey = PeriodicKey.named(name)
        guard option != nil || periodicKey != nil else {
            if let elsewhere = TaskOptionTable.named(name) { return "\(name) \(elsewhere.misplaced(at: .optionLine))" }
            let known = TaskOptionTable.rows(at: .optionLine).flatMap(\.names) + PeriodicKey.all.map(\.name)
            return "unknown option '\(name)'" + (NearestName.suggest(name, among: known).map { "; did you mean '\($0)'?" } ?? "")
        }
        let key = option?.name ?? name
        if let earlier = given.updateValue(line, forKey: key) { return "\(key) was already given in line \(earlier)" }
        guard let option else { return periodicKey.flatMap { periodic.take($0, value) }.map { "\(name) \($0)" } }
        do throws(OptionMistake) {
            try options.take(value, of: option)
            return nil
        } catch {
            return "\(name) \(error.complaint)"
        }
    }
}
