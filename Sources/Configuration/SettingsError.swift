/// An error in the settings, in terms of the names and values as written.
package struct SettingsError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The file does not exist or is not a text file.
        case unreadable
        /// Reading the file is not permitted.
        case noPermission
        /// The file is not TOML.
        case syntax
        case unknownSetting
        /// A setting of the original that this version does not have.
        case unsupported
        case badValue
        /// Two settings contradict each other.
        case contradiction
    }

    package var code: Code
    /// The place of the error: `celery.toml:3`, `CELERY_QUEUES in the environment`; `nil` if the message contains it.
    package var place: String?
    /// The message in lower case, without passwords.
    package var message: String
    /// Advice for the user.
    package var hint: String?

    package init(_ code: Code, at place: String? = nil, _ message: String, hint: String? = nil) {
        self.code = code
        self.place = place
        self.message = message
        self.hint = hint
    }

    package var description: String { place.map { "\($0): \(message)" } ?? message }
}

/// An error in a value, phrased to follow the name of the setting: `must be text in quotes, not 5`.
struct SettingsComplaint: Error, Hashable {
    var text: String
    var hint: String?

    init(_ text: String, hint: String? = nil) {
        self.text = text
        self.hint = hint
    }
}
