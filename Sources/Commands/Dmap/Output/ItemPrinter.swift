import Arguments
import CeleryCore
import Client

/// What is printed for an item, and logged once it is.
struct PrintedItem: WindowItem {
    var number: Int
    var id: TaskID
    /// For stdout or the file of `--output`.
    var output: [UInt8] = []
    /// For stderr.
    var errors: [UInt8] = []
    /// `nil` without a job log.
    var line: JobLogLine?

    var byteCount: Int { output.count + errors.count }
}

/// Makes texts of results.
struct ItemPrinter: Sendable {
    let format: Output.Format
    let task: String
    /// Whether each line begins with its item.
    var isTagged = false
    var isLogged = false
    /// What is shown of an item that failed; results and tags are data.
    var redaction = Redaction()

    func print(_ item: DmapItem, _ result: TaskResult) -> PrintedItem {
        var printed = PrintedItem(number: item.number, id: result.id)
        switch format {
        case .json: printed.output = Self.line(JSON.object(object(item, result)).text(style: .compact).printableJSON)
        case .text where result.state == .success: printed.output = text(item, result.value)
        case .text: printed.errors = failure(item, result)
        }
        if isLogged {
            printed.line = JobLogLine(item, result, command: JobLog.command(task, item), received: printed.output.count)
        }
        return printed
    }

    private func object(_ item: DmapItem, _ result: TaskResult) -> JSONObject {
        let parts = item.parts.map { JSON(text: $0) }
        var object: JSONObject = ["item": .int(Int64(item.number)), "input": item.isChunk ? .array(parts) : parts[0]]
        for (key, value) in ResultPrinter.object(result).members { object[key] = value }
        return object
    }

    /// The return value; if the task took several parts and returned as many values, each on a line of its own.
    private func text(_ item: DmapItem, _ value: JSON) -> [UInt8] {
        guard item.isChunk, case .array(let values) = value, values.count == item.parts.count else {
            return tagged(ResultPrinter.bytes(of: value), item.bytes)
        }
        return zip(item.parts, values).flatMap { part, value in tagged(ResultPrinter.bytes(of: value), part) }
    }

    /// What a failed program wrote, and why it failed.
    private func failure(_ item: DmapItem, _ result: TaskResult) -> [UInt8] {
        var text: [UInt8] = []
        for written in [result.errorOutput, result.standardOutput].compactMap({ $0 }) where !written.isEmpty {
            text += tagged(Array(written.utf8) + (written.utf8.last == UInt8(ascii: "\n") ? [] : [UInt8(ascii: "\n")]), item.bytes)
        }
        let reason = result.failure.map { $0.message.isEmpty ? $0.type : "\($0.type): \($0.message)" } ?? result.state.name
        let line = "celery dmap: item \(item.number)\(redaction.leavesOutArguments ? "" : " (\(ArgumentError.quote(redaction.applied(to: item.text), limit: 40)))"): \(reason)"
        return text + Self.line(line.printable)
    }

    /// Whole lines, each after its item and a tab if that is wished.
    private func tagged(_ lines: [UInt8], _ item: [UInt8]) -> [UInt8] {
        guard isTagged else { return lines }
        var tagged: [UInt8] = []
        // The output of a program that is not UTF-8 is printed as it was, which may be without a last newline.
        let lines = lines.last == UInt8(ascii: "\n") ? lines.dropLast() : lines[...]
        for line in lines.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            tagged += item
            tagged.append(UInt8(ascii: "\t"))
            tagged += line
            tagged.append(UInt8(ascii: "\n"))
        }
        return tagged
    }

    private static func line(_ text: String) -> [UInt8] {
        var bytes = Array(text.utf8)
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }
}
