/// A periodic task that does not succeed as it should, by `expect_within` or `alarm_after`, or that does again.
package struct BeatAlarm: Sendable, Equatable {
    package enum Kind: String, Sendable {
        /// No run has succeeded in time.
        case absent = "Absent"
        /// The last runs have failed.
        case failing = "Failing"
        /// A run has succeeded again.
        case over = "Over"
    }

    package var entry: String
    package var kind: Kind
    /// What has happened, in words; empty when it is over.
    package var text: String

    init(entry: String, _ kind: Kind, _ text: String) {
        self.entry = entry
        self.kind = kind
        self.text = text
    }
}
