// Any command as a task: `celery run`.
//
// A message that may run anything must come from somebody who may do that anyway. So each such message carries a signature
// (`CommandSignature`) that only a holder of the key can make (`CommandKey`), and a worker runs none without. The key lies
// beside celery.db; it proves something only as long as nobody else can write there, which `CommandPolicy` and
// `CommandGuard` check on both sides, each time. With another broker, the settings name a key on both sides, and the commands
// that may run (`CommandPattern`).
//
// What runs is decided by the signed arguments alone (`CommandRequest`); `CommandCall` is what the worker makes of them. There is
// no shell in between.

package import CeleryCore

/// The task by which `celery run` runs commands.
package enum CommandTask {
    /// Its name in messages.
    package static let name = "celery.run"

    /// The task of a worker that accepts commands.
    package static func definition(_ policy: CommandPolicy) -> TaskDefinition {
        TaskDefinition(
            name: name, options: TaskOptions(), kind: .command(policy),
            source: policy.patterns == nil ? "any command" : "commands that match CELERY_COMMAND_PATTERNS")
    }

    /// The command of a message for display: its words as typed in a shell, in one line of at most `limit` characters.
    ///
    /// The text is untrusted: control characters are shown by their numbers.
    package static func title(_ argv: [JSON], limit: Int = 60) -> String {
        var text = ""
        for word in argv {
            if !text.isEmpty { text += " " }
            text += ShellWord.quoted(word.stringValue ?? word.text(style: .compact))
            // Words beyond the limit need not be quoted.
            if text.utf8.count > limit * 4 { break }
        }
        return text.inOneLine(limit: limit)
    }
}

/// Why a command may not be sent or run.
package struct CommandRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// The reason: lower case, one line.
    package var message: String
    /// What the user can do about it.
    package var hint: String?

    package init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    package var description: String { message }

    /// The failure of a task that was refused.
    package var failure: TaskFailure {
        TaskFailure(type: "PermissionError", arguments: [.string(message)], module: "builtins")
    }
}
