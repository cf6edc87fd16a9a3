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
        let run = "\(ShellWord.quoted(shell)) -c \(ShellWord.quoted(entry.command))"
        lines += address == nil ? ["exec \(fed(run))"] : mailing(fed(run))
        return (lines + [""]).joined(separator: "\n")
    }

    /// Where cron mails the output to; `nil` if nowhere.
    var address: String? { entry.environment["MAILTO"].flatMap { $0.isEmpty ? nil : $0 } }

    /// The program that mails the output, as in cron.
    var mailer: String { entry.environment["SENDMAIL"].flatMap { $0.isEmpty ? nil : $0 } ?? Self.usualMailer }

    private static let usualMailer = "/usr/sbin/sendmail"

    /// The command with its input.
    private func fed(_ run: String) -> String {
        guard let input = entry.input, !input.isEmpty else { return "\(run) </dev/null" }
        let mark = mark(besides: input)
        return "\(run) <<'\(mark)'\n\(input.hasSuffix("\n") ? input : input + "\n")\(mark)"
    }

    /// Lines that run the command, and mail what it writes, if it writes anything. stdout and stderr stay what they are.
    private func mailing(_ run: String) -> [String] {
        [
            "# As cron does, mail to MAILTO what the command writes.",
            "folder=$(mktemp -d) || exit", "trap 'rm -rf \"$folder\"' EXIT", "trap 'exit 143' HUP INT TERM",
            "{ {", "{", run, "echo $? >\"$folder/status\"",
            "} 2>&1 >&3 | tee -a \"$folder/output\" >&2; } 3>&1; } | tee -a \"$folder/output\"",
            "status=$(cat \"$folder/status\")",
            "if [ -s \"$folder/output\" ]; then",
            "    {",
            "        [ -z \"$MAILFROM\" ] || printf 'From: %s\\n' \"$MAILFROM\"",
            "        printf 'To: %s\\nSubject: %s on %s ended with status %s\\n' \"$MAILTO\" \"${CELERY_TASK_NAME:-\(name)}\" \"$(uname -n)\" \"$status\"",
            "        printf 'Auto-Submitted: auto-generated\\nContent-Type: text/plain; charset=UTF-8\\n\\n'",
            "        cat \"$folder/output\"",
            "    } | \"${SENDMAIL:-\(Self.usualMailer)}\" -i -t || echo \"the output could not be mailed to $MAILTO\" >&2",
            "fi",
            "exit \"$status\"",
        ]
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
