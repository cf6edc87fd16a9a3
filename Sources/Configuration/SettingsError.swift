/// A mistake in the settings, in the words of the person who made it.
package struct SettingsError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The file is not there, or is not a file of text.
        case unreadable
        /// The file may not be read.
        case noPermission
        /// The file is not TOML.
        case syntax
        case unknownSetting
        /// A setting of the original that this version does not have.
        case unsupported
        case badValue
        /// Two settings say different things.
        case contradiction
    }

    package var code: Code
    /// Where: `celery.toml:3`, `CELERY_QUEUES in the environment`; `nil` when the message says it.
    package var place: String?
    /// What is wrong: lower case, no password.
    package var message: String
    /// What a person can do about it.
    package var hint: String?

    package init(_ code: Code, at place: String? = nil, _ message: String, hint: String? = nil) {
        self.code = code
        self.place = place
        self.message = message
        self.hint = hint
    }

    package var description: String { place.map { "\($0): \(message)" } ?? message }
}

/// What is wrong with a value, to be said after the name of its setting: `must be text in quotes, not 5`.
struct SettingsComplaint: Error, Hashable {
    var text: String
    var hint: String?

    init(_ text: String, hint: String? = nil) {
        self.text = text
        self.hint = hint
    }
}
