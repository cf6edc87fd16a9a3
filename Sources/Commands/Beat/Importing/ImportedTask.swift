import CeleryCore
import Schedules

/// A program task made from a line of a crontab.
struct ImportedTask {
    /// The file name without `.sh`.
    let name: String
    let entry: CrontabFile.Entry

    /// The schedule and its time zone, for people.
    var schedule: String { entry.scheduleText + (entry.zoneName.map { " \($0)" } ?? "") }

    /// The text of the program.
    var text: String {
        let shell = entry.environment["SHELL"].flatMap { $0.isEmpty ? nil : $0 } ?? "/bin/sh"
        // Cron's defaults.
        let variables = ["PATH": "/usr/bin:/bin", "SHELL": shell].merging(entry.environment) { $1.isEmpty ? $0 : $1 }
        var lines = ["#!/bin/sh"]
        // Cron never retries.
        lines.append("# celery: crontab=\"\(entry.scheduleText)\"" + (entry.zoneName.map { " timezone=\($0)" } ?? "") + " max_retries=0")
        lines.append("# Line \(entry.lineNumber) of a crontab.")
        lines += variables.sorted { $0.key < $1.key }.map { "export \($0.key)=\(ShellWord.quoted($0.value))" }
        lines.append("cd \"${HOME:-/}\" || exit")
        let run = "exec \(ShellWord.quoted(shell)) -c \(ShellWord.quoted(entry.command))"
        guard let input = entry.input, !input.isEmpty else { return (lines + ["\(run) </dev/null", ""]).joined(separator: "\n") }
        let mark = mark(besides: input)
        let body = input.hasSuffix("\n") ? input : input + "\n"
        return (lines + ["\(run) <<'\(mark)'", "\(body)\(mark)", ""]).joined(separator: "\n")
    }

    /// A here-document delimiter that is not a line of the input.
    private func mark(besides input: String) -> String {
        let lines = Set(input.split(separator: "\n"))
        var mark = "INPUT"
        while lines.contains(mark[...]) { mark += "_" }
        return mark
    }

    /// Whether a shell can set a variable of this name.
    static func isVariable(_ name: String) -> Bool {
        !name.isEmpty && !("0"..."9").contains(name.unicodeScalars.first!)
            && name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "_")
            }
    }
}
