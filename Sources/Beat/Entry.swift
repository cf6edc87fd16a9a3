package import CeleryCore
package import Schedules
import Wire

/// A periodic task.
package struct Entry: Sendable, Equatable {
    /// Unique among the entries.
    package var name: String
    /// The message of each run, without its id and the fields that follow from the due time.
    package var message: Message
    package var periodic: PeriodicOptions
    /// Whether the outcomes of its runs are not recorded.
    package var ignoresResult: Bool
    /// Where the entry is defined, for error texts: `celery.toml:12`, a program's path, `built in`.
    package var source: String

    package init(name: String, message: Message, periodic: PeriodicOptions, ignoresResult: Bool = false, source: String) {
        self.name = name
        self.message = message
        self.periodic = periodic
        self.ignoresResult = ignoresResult
        self.source = source
    }

    /// The id of the run with this due time.
    package func id(due: Timestamp, beat: String) -> TaskID { TickID.make(beat: beat, entry: name, due: due) }

    /// The message of the run with this due time.
    package func message(due: Timestamp, beat: String) -> Message {
        var message = self.message
        message.id = id(due: due, beat: beat)
        message.rootID = message.id
        if let expires = periodic.expires { message.expires = due + expires }
        message.headers[BeatHeader.isFromBeat] = true
        message.headers[BeatHeader.entry] = .string(name)
        message.headers[BeatHeader.due] = .string(ISO8601.text(due))
        return message
    }

    /// When the run is sent: its due time plus the entry's jitter.
    package func sendTime(due: Timestamp) -> Timestamp { due + periodic.jitter.delay(entry: name, due: due) }
}
