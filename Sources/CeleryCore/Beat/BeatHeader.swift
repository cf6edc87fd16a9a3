/// Headers by which a message says which run of which periodic task it is.
package enum BeatHeader {
    /// `true` in every message of a beat; Python's beat has it since 5.7.
    package static let isFromBeat = "celery_beat_task"
    /// The name of the entry.
    package static let entry = "beat_entry"
    /// When the run was due, in ISO 8601.
    package static let due = "beat_due"
}
