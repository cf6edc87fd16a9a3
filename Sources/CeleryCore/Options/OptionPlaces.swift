/// The places where an option may be set.
package struct OptionPlaces: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A task's own option line, and `TaskOptions` of a task in Swift.
    package static let optionLine = OptionPlaces(rawValue: 1)
    /// The command line of `celery apply` and `celery dmap`.
    package static let commandLine = OptionPlaces(rawValue: 2)
    /// A line of `celery apply --batch`.
    package static let batch = OptionPlaces(rawValue: 4)
    /// The table `options` of a periodic task in the settings.
    package static let beat = OptionPlaces(rawValue: 8)

    /// Places that describe one message.
    package static let calls: OptionPlaces = [.commandLine, .batch, .beat]
    package static let everywhere: OptionPlaces = [.optionLine, .calls]

    /// The places in words, for an error: `the option line of a task, or the command line of celery apply`.
    package var words: String {
        let names = [
            (OptionPlaces.optionLine, "the option line of a task"), (.commandLine, "the command line of celery apply"),
            (.batch, "a line of a batch"), (.beat, "the options of a periodic task"),
        ].filter { contains($0.0) }.map(\.1)
        guard names.count > 1 else { return names.first ?? "no place" }
        return names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1]
    }
}
