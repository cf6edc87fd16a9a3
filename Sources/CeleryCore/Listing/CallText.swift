/// The arguments of a task as words of a command line, as `celery apply` takes them.
package struct CallText {
    private let redaction: Redaction

    package init(_ redaction: Redaction) { self.redaction = redaction }

    /// `a.jpg 1.5 size=XL`, with values of redacted names replaced by `***`; empty if arguments are left out.
    package func words(_ arguments: TaskArguments) -> String {
        guard let (args, kwargs) = redaction.shown(arguments) else { return "" }
        let words = args.map(Self.word) + kwargs.members.map { "\($0.key)=\(Self.word($0.value))" }
        return words.map(ShellWord.quoted).joined(separator: " ")
    }

    /// A string as it is unless it would be read as something else; other values as JSON.
    private static func word(_ value: JSON) -> String {
        if let text = value.stringValue, JSON(word: text) == value { return text }
        return value.text(style: .compact)
    }
}
