package import CeleryCore
package import Schedules
import Wire

/// A task that beat sends again and again.
package struct Entry: Sendable, Equatable {
    /// What people call it; one name, one entry.
    package var name: String
    /// The message of each run, but for its id and what follows from its due time.
    package var message: Message
    package var periodic: PeriodicOptions
    /// Whether nobody records what its runs come to.
    package var ignoresResult: Bool
    /// Where it is written, for people: `celery.toml:12`, a program's path, `built in`.
    package var source: String

    package init(name: String, message: Message, periodic: PeriodicOptions, ignoresResult: Bool = false, source: String) {
        self.name = name
        self.message = message
        self.periodic = periodic
        self.ignoresResult = ignoresResult
        self.source = source
    }

    /// The id of the run that is due then.
    package func id(due: Timestamp, beat: String) -> TaskID { TickID.make(beat: beat, entry: name, due: due) }

    /// The message of the run that is due then.
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

    /// When the run that is due at `due` is sent: the due time, with the entry's jitter.
    package func sendTime(due: Timestamp) -> Timestamp { due + periodic.jitter.delay(entry: name, due: due) }
}
