// Mails to the administrators about what went wrong.
//
// The worker posts an event to `MailPost`, which costs it a lock. A thread writes the events to the spool (`MailSpool`), one notice for
// each kind of failure, and one process of those that share the spool folds the notices into a digest (`MailDigest`), writes
// mails (`MailText`) and, on threads of their own (`OutletThread`), sends them (`MailDelivery`). What is in the spool survives; a
// server that is down is asked again later.

package import CeleryCore

/// Something that the administrators shall know, as it waits in the spool: one or more failures of one kind.
package struct MailNotice: Sendable, Equatable {
    package enum Kind: String, Sendable, Hashable {
        /// A task has failed for good.
        case failure
        /// A message was given up.
        case deadLetter = "dead letter"
        /// A worker has disappeared.
        case loss
        /// A periodic task has not succeeded as it should.
        case alarm
        /// A task that had failed, or a periodic task with an alarm, has succeeded.
        case success

        /// Whether a success ends it.
        package var canRecover: Bool { self == .failure || self == .alarm }
    }

    package var kind: Kind
    /// The name of the task; of a lost worker, its name, and of an alarm, that of the entry.
    package var task: String
    /// The type of the error.
    package var error: String
    /// The message of the error.
    package var message = ""
    package var id = ""
    package var attempt = 0
    /// The arguments, without secrets.
    package var arguments = ""
    /// The traceback, or the end of what a program wrote to stderr.
    package var details = ""
    package var worker: String
    package var time: Timestamp
    /// How many events of this kind it stands for; the others are of the first one.
    package var count = 1

    package init(_ kind: Kind, task: String, error: String, worker: String, time: Timestamp) {
        self.kind = kind
        self.task = task
        self.error = error
        self.worker = worker
        self.time = time
    }

    package var json: JSON {
        [
            "kind": .string(kind.rawValue), "task": .string(task), "error": .string(error), "message": .string(message), "id": .string(id),
            "attempt": .int(Int64(attempt)), "arguments": .string(arguments), "details": .string(details), "worker": .string(worker),
            "time": .double(time.seconds), "count": .int(Int64(count)),
        ]
    }

    /// `nil` for anything else than `json`.
    package init?(_ json: JSON) {
        guard let kind = json["kind"]?.stringValue.flatMap(Kind.init), let task = json["task"]?.stringValue,
            let error = json["error"]?.stringValue, let worker = json["worker"]?.stringValue, let time = json["time"]?.doubleValue, time.isFinite
        else { return nil }
        self.init(kind, task: task, error: error, worker: worker, time: Timestamp(seconds: time))
        message = json["message"]?.stringValue ?? ""
        id = json["id"]?.stringValue ?? ""
        attempt = json["attempt"]?.intValue ?? 0
        arguments = json["arguments"]?.stringValue ?? ""
        details = json["details"]?.stringValue ?? ""
        count = max(1, json["count"]?.intValue ?? 1)
    }
}
